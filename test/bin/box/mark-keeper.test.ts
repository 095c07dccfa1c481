import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MarkKeeper } from "../../../bin/box/mark-keeper.ts";
import type { Timers } from "../../../core/ports.ts";
import type { Ledger } from "../../../mesh/journal/ledger.ts";
import { readMark } from "../../../mesh/store/mark.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { STORE_ID_KEY } from "../../../mesh/store/mesh-keys.ts";
import { QUIET } from "../../support/box-on-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("the last mark is written after one that is being written, and not over its draft", async () => {
  const home = tempFolder();
  const store = new MemoryStore();
  const warned: unknown[] = [];
  const logger = { ...QUIET, warn: (fields: unknown) => void warned.push(fields) };
  let flushed = (): void => undefined;
  let due = (): void => undefined;
  const ledger = { onFlushed: (listener: () => void) => (flushed = listener) };
  const after = (_ms: number, run: () => void) => ((due = run), { cancel: () => undefined });
  const timers = { after } as unknown as Timers;
  const keeper = new MarkKeeper(home, store, ledger as unknown as Ledger, timers, logger);
  for (let i = 0; i < 20; i++) {
    await store.batch([{ type: "put", key: STORE_ID_KEY, value: `store ${i}` }]);
    flushed();
    due();
    await store.batch([{ type: "put", key: STORE_ID_KEY, value: `last ${i}` }]);
    await keeper.stop();
    expect((await readMark(home))?.store).toBe(`last ${i}`);
    expect(existsSync(join(home, "mark.json.new"))).toBe(false);
  }
  expect(warned).toEqual([]);
});
