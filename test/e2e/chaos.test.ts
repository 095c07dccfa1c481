import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALL_FAULTS } from "../chaos/faults/all-faults.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..");
/** For the faults; starting, healing and the last look come on top. */
const MINUTES = 3;
const SEED = "1";
/** Then the run has failed: on a slow machine the faults may take two and a half times as long, milliseconds. */
const WAIT_MS_MAX = 600_000;

describe("three real boxes under every fault that this machine can make (N=3)", () => {
  it(
    "lose nothing, repeat nothing, and agree again; the verdict says so",
    async () => {
      const words = ["test/chaos/run.ts", "--minutes", String(MINUTES), "--seed", SEED];
      const run = spawn(process.execPath, words, { cwd: REPOSITORY, timeout: WAIT_MS_MAX });
      let printed = "";
      for (const output of [run.stdout, run.stderr]) {
        output.on("data", (chunk: Buffer) => (printed += chunk.toString()));
      }
      const [code] = (await once(run, "close")) as [number | null];
      expect(printed).toContain("Everything held");
      expect(code).toBe(0);
      const listed = (line: RegExp): string[] =>
        (line.exec(printed)?.[1]?.split(", ") ?? []).map((name) => name.split(" ")[0] ?? "");
      const struck = listed(/^Faults: (.*)$/m);
      const leftOut = listed(/^faults that this machine cannot do: (.*)$/m);
      const missed = listed(/^No time was left for: (.*)$/m);
      const all = ALL_FAULTS.map(({ name }) => name).toSorted();
      expect([...struck, ...leftOut, ...missed].toSorted()).toEqual(all);
      // The network was really touched.
      if (struck.includes("dark")) expect(printed).toMatch(/^packets: .* [1-9]\d* cut off/m);
      if (struck.includes("lossy")) expect(printed).toMatch(/^packets: .* [1-9]\d* lost/m);
      // However slow the machine is, most of what it can do was done.
      expect(struck.length).toBeGreaterThan((all.length - leftOut.length) / 2);
    },
    WAIT_MS_MAX + 5_000,
  );
});
