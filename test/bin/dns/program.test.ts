import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../../bin/dns/program.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const LISTING = { serverName: "example.org", serving: ["attic", "cellar"], dark: ["kitchen"] };
const never = new AbortController().signal;

function script(text: string): string {
  const file = join(tempFolder(), "dns");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("the program is told the server, the boxes that serve and those that are dark", async () => {
  const file = script(
    `[ "$HEARTH_SERVER_NAME|$HEARTH_SERVING|$HEARTH_DARK" = "example.org|attic cellar|kitchen" ]`,
  );
  expect(await runProgram(file, LISTING, never)).toBeUndefined();
});

test("the last line that it complains with is passed on, fit for a terminal", async () => {
  const file = script(`printf 'trying\\nno such \\033[31mzone\\n' >&2; exit 3`);
  expect(await runProgram(file, LISTING, never)).toBe(`${file}: no such ?[31mzone`);
});

test("a program that says nothing, or is not there, fails with a reason all the same", async () => {
  const file = script("exit 7");
  expect(await runProgram(file, LISTING, never)).toBe(`${file}: it ended with status 7`);
  const nowhere = join(tempFolder(), "nothing");
  expect(await runProgram(nowhere, LISTING, never)).toContain("ENOENT");
});

test("a box that stops does not wait for it", async () => {
  const stopping = new AbortController();
  const running = runProgram(script("exec sleep 600"), LISTING, stopping.signal);
  stopping.abort();
  expect(await running).toBeDefined();
});
