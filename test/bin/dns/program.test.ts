import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
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

/** A program that ignores the polite signal, like the one that it starts. */
function stubborn(): { readonly file: string; readonly startedAt: string } {
  const startedAt = join(tempFolder(), "pid");
  const file = script(`trap '' TERM; sleep 600 & echo $! > ${startedAt}.new
    mv ${startedAt}.new ${startedAt}; wait; sleep 600`);
  return { file, startedAt };
}

/** One that has ended may wait to be buried. */
function isRunning(pid: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
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
  // The system refuses this one before anything is started.
  const below = join(file, "nothing");
  expect(await runProgram(below, LISTING, never)).toBe(`${below}: spawn ENOTDIR`);
});

test("one that is not done in time is killed with all that it started", async () => {
  const { file, startedAt } = stubborn();
  expect(await runProgram(file, LISTING, never, 500)).toBe(`${file}: it took longer than 0.5 s`);
  const pid = readFileSync(startedAt, "utf8").trim();
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test("one that ends, but leaves something running, has done its work", async () => {
  const file = script("sleep 600 2>/dev/null & exit 0");
  expect(await runProgram(file, LISTING, never)).toBeUndefined();
});

test("one that complains without end is heard to its end", async () => {
  const file = script("yes nonsense | head -c 900000 >&2; echo the reason >&2; exit 1");
  expect(await runProgram(file, LISTING, never)).toBe(`${file}: the reason`);
});

test("a box that stops does not wait for it, nor leaves it behind", async () => {
  const stopping = new AbortController();
  const { file, startedAt } = stubborn();
  const running = runProgram(file, LISTING, stopping.signal);
  await expect.poll(() => existsSync(startedAt)).toBe(true);
  stopping.abort();
  expect(await running).toBe(`${file}: the box stops`);
  const pid = readFileSync(startedAt, "utf8").trim();
  await expect.poll(() => isRunning(pid)).toBe(false);
  expect(await runProgram(file, LISTING, stopping.signal)).toBe(`${file}: the box stops`);
});
