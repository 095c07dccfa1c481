import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

const PROGRAM = join(import.meta.dirname, "fixtures", "runtime-process.ts");

/** What a process says of itself that starts with these arguments and this environment. */
async function run(args: readonly string[], extra: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...extra };
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return { pid: child.pid, said: JSON.parse(output) as Record<string, unknown> };
}

describe("the runtime of a box", () => {
  it("is set up in the same process, with the same arguments", async () => {
    const { pid, said } = await run(["--home", "a folder"]);
    expect(said["pid"]).toBe(pid);
    expect(said["args"]).toEqual(["--home", "a folder"]);
    expect(said["execArgv"]).toContain("--max-semi-space-size=2");
    expect(said["MALLOC_ARENA_MAX"]).toBe("2");
    expect(said["NODE_COMPILE_CACHE"]).toMatch(/hearth$/);
  });

  it("leaves alone what the environment sets", async () => {
    const { said } = await run([], { MALLOC_ARENA_MAX: "7" });
    expect(said["MALLOC_ARENA_MAX"]).toBe("7");
  });
});
