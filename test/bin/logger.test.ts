import { expect, it } from "vitest";
import { createLogger } from "../../bin/logger.ts";

/** A sink that keeps what it was given. */
function sink(isTTY: boolean) {
  const lines: string[] = [];
  return { isTTY, lines, write: (line: string) => void lines.push(line) };
}

it("writes one JSON object a line where no person reads", async () => {
  const out = sink(false);
  const log = await createLogger({ level: "info", pretty: "auto" }, out);
  log.child({ component: "mesh" }).warn({ box: "abc" }, "hello");
  expect(JSON.parse(out.lines[0] ?? "")).toMatchObject({
    level: "warn",
    component: "mesh",
    box: "abc",
    msg: "hello",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
});

it("writes for people on a terminal", async () => {
  const out = sink(true);
  const log = await createLogger({ level: "info", pretty: "auto" }, out);
  log.child({ component: "mesh" }).info({}, "hello");
  expect(out.lines.join("")).toContain("mesh: hello");
});

it("hides secrets and leaves out what is below the level", async () => {
  const out = sink(false);
  const log = await createLogger({ level: "warn", pretty: "never" }, out);
  log.info({}, "quiet");
  log.warn({ password: "hunter2", access_token: "abc" }, "careless");
  expect(out.lines).toHaveLength(1);
  expect(out.lines[0]).not.toMatch(/hunter2|abc/);
});
