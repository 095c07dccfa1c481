import { expect, test } from "vitest";
import { DiskWatch, TRY_AGAIN_MS } from "../../../mesh/janitor/disk-watch.ts";
import { STORE_ID_KEY } from "../../../mesh/store/mesh-keys.ts";
import { silentLogger } from "../media/silent-logger.ts";
import { openLedger, write } from "../journal/open-ledger.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const full = Object.assign(new Error("IO error: No space left on device"), { code: "LEVEL_IO" });

test("a disk that refused is tried again until it takes writes, though nobody else writes", async () => {
  let refuses = false;
  const beforeWrite = async (): Promise<void> => {
    if (refuses) throw full;
  };
  const box = await openLedger({ faults: { beforeWrite } });
  await box.store.batch([{ type: "put", key: STORE_ID_KEY, value: "one" }]);
  const timers = new FakeTimers();
  const watch = new DiskWatch(box.state, timers, silentLogger);
  expect(watch.trouble).toBeUndefined();
  refuses = true;
  await expect(write(box, "one")).rejects.toThrow("No space left");
  expect(watch.trouble).toBe("The disk of this box is full.");
  await timers.advance(2 * TRY_AGAIN_MS);
  expect(watch.trouble).toBe("The disk of this box is full.");
  refuses = false;
  await timers.advance(TRY_AGAIN_MS);
  expect(watch.trouble).toBeUndefined();
  expect(timers.waiting).toBe(0);
  expect(box.store.get(STORE_ID_KEY)).toBe("one");
});

test("an error that says nothing of the disk is told as a refusal", async () => {
  const beforeWrite = async (): Promise<void> => {
    throw new Error("strange");
  };
  const box = await openLedger({ faults: { beforeWrite } });
  const watch = new DiskWatch(box.state, new FakeTimers(), silentLogger);
  await expect(write(box, "one")).rejects.toThrow("strange");
  expect(watch.trouble).toBe("The disk of this box refuses to write.");
  watch.stop();
});
