import { expect, test } from "vitest";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import { deviceTopic, toDevice, topicLog } from "../../../core/tables.ts";
import type { Command } from "../../../core/ports.ts";
import { boundQueue } from "../../../mesh/janitor/bound-queue.ts";
import { openLedger } from "../journal/open-ledger.ts";
import type { OpenLedger } from "../journal/open-ledger.ts";

const bob = "@bob:hearth.test" as UserId;
const phone = "PHONE" as DeviceId;

const send: Command<{ sender: UserId; n: number }, void> = (draft, { sender, n }) =>
  draft.sendToDevice(bob, phone, { sender, type: "t", content: { n } });

async function boxWith(senders: readonly string[]): Promise<OpenLedger> {
  const box = await openLedger();
  for (const [n, name] of senders.entries()) {
    const sender = `@${name}:hearth.test` as UserId;
    await box.ledger.commit(send, { sender, n }).written;
  }
  return box;
}

async function waitingIn({ state }: OpenLedger): Promise<unknown[]> {
  using snapshot = state.snapshot();
  const rows = await snapshot.range(toDevice, { prefix: [bob, phone], limit: 10_000 });
  const notes = await snapshot.range(topicLog, {
    prefix: [deviceTopic(bob, phone)],
    limit: 10_000,
  });
  expect(notes).toHaveLength(rows.length);
  return rows.map(([, { content }]) => content["n"]);
}

test("drops nothing as long as there is room", async () => {
  const box = await boxWith(["carol", "dave", "carol"]);
  expect(await boundQueue(box.state, [bob, phone], 3)).toBe(0);
  expect(await waitingIn(box)).toEqual([0, 1, 2]);
});

test("drops the oldest messages of whoever sent most, and none of others", async () => {
  const box = await boxWith(["carol", "mallory", "carol", "mallory", "mallory", "mallory", "dave"]);
  expect(await boundQueue(box.state, [bob, phone], 5)).toBe(2);
  expect(await waitingIn(box)).toEqual([0, 2, 4, 5, 6]);
});

test("keeps the others' where one sender filled a queue of several reads", async () => {
  const box = await boxWith(["carol", ...Array<string>(450).fill("mallory"), "dave"]);
  expect(await boundQueue(box.state, [bob, phone], 50)).toBe(402);
  const left = await waitingIn(box);
  expect([left.length, left[0], left[1], left.at(-1)]).toEqual([50, 0, 403, 451]);
});
