import { expect, test } from "vitest";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import type { Command } from "../../../core/ports.ts";
import { dropMessages, queueOf } from "../../../mesh/janitor/device-queue.ts";
import { openLedger } from "../journal/open-ledger.ts";

const bob = "@bob:hearth.test" as UserId;
const phone = "PHONE" as DeviceId;
const send: Command<undefined, void> = (draft) =>
  draft.sendToDevice(bob, phone, { sender: bob, type: "t", content: {} });

test("deleting that breaks off deletes nothing, and leaves the store to the next write", async () => {
  const { state, ledger } = await openLedger();
  for (let i = 0; i < 2; i++) await ledger.commit(send, undefined).written;
  let looks = 0;
  const failing = (): boolean => {
    if (++looks > 1) throw new Error("the disk cannot be read");
    return true;
  };
  for await (const rows of queueOf(state, [bob, phone])) {
    await expect(dropMessages(state, rows, failing)).rejects.toThrow("cannot be read");
    expect(await dropMessages(state, rows, () => true)).toBe(2);
  }
});
