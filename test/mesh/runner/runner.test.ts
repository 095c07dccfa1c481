import { expect, test } from "vitest";
import { MatrixError } from "../../../core/errors.ts";
import type { Dot } from "../../../core/vector.ts";
import { MeshRunner } from "../../../mesh/runner/runner.ts";
import type { MemoryDiskFaults } from "../../../mesh/store/memory-store.ts";
import { note, openLedger } from "../journal/open-ledger.ts";

async function running(faults: MemoryDiskFaults = {}) {
  const { ledger } = await openLedger({ faults });
  const waited: Dot[] = [];
  const state = { refusal: undefined as string | undefined };
  const runner = new MeshRunner({
    ledger,
    acknowledged: async (dot) => void waited.push(dot),
    refusal: () => state.refusal,
  });
  return { ledger, runner, waited, state };
}

test("a write is answered once it is on disk and the other boxes were waited for", async () => {
  const { ledger, runner, waited } = await running();
  const dot = { origin: ledger.life, seq: 1 };
  expect(await runner.run(note, "one")).toBe("one");
  expect(ledger.vector[ledger.life]).toBe(1);
  expect(waited).toEqual([dot]);
});

test("a retry that finds its work done waits for the boxes as the first try did", async () => {
  const { ledger, runner, waited } = await running();
  await runner.run(note, "one");
  await runner.run(note, "one");
  expect(ledger.vector[ledger.life]).toBe(1);
  expect(waited).toHaveLength(2);
});

test("a disk that refuses is a 503, and nobody is waited for", async () => {
  const beforeWrite = async (): Promise<void> => {
    throw new Error("ENOSPC");
  };
  const { runner, waited } = await running({ beforeWrite });
  await expect(runner.run(note, "one")).rejects.toMatchObject({ status: 503 });
  expect(waited).toEqual([]);
});

test("while writes are refused a command does not run at all", async () => {
  const { ledger, runner, state } = await running();
  state.refusal = "This box is stopping.";
  await expect(runner.run(note, "one")).rejects.toThrow(MatrixError);
  expect(ledger.lastOwn).toBeUndefined();
});

test("what a command throws reaches who asked", async () => {
  const { runner } = await running();
  const failing = (): void => {
    throw new MatrixError(403, "M_FORBIDDEN", "no");
  };
  await expect(runner.run(failing, undefined)).rejects.toMatchObject({ errcode: "M_FORBIDDEN" });
});
