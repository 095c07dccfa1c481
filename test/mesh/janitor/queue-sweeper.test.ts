import { afterEach, beforeEach, expect, test } from "vitest";
import { logOut, removeDevices } from "../../../core/device/remove-devices.ts";
import { openSession } from "../../../core/account/start-session.ts";
import { deactivate } from "../../../core/account/deactivate.ts";
import { sendDirectMessages } from "../../../core/device/send-to-device.ts";
import type { DeviceId } from "../../../core/ids.ts";
import { toDevice, topicLog, topicVector } from "../../../core/tables.ts";
import { includes } from "../../../core/vector.ts";
import type { Flushed } from "../../../mesh/journal/outcomes.ts";
import {
  MESSAGES_BETWEEN_SWEEPS_MAX,
  QueueSweeper,
  SWEEP_MS,
  UNREAD_KEPT_MS,
} from "../../../mesh/janitor/queue-sweeper.ts";
import { converge } from "../../support/converge.ts";
import type { MemoryNetwork } from "../../support/memory-network.ts";
import { someBoxes } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";
import { untilSo } from "../../support/until-so.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const alice = new SyncClient("alice");
const quiet = (): void => undefined;
const QUIET = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let boxes: TestBox[] = [];
let one: TestBox;
let two: TestBox;
let network: MemoryNetwork;
let passedMs = 0;
beforeEach(async () => {
  passedMs = 0;
  const wallClock = (): number => performance.timeOrigin + performance.now() + passedMs;
  ({ boxes, network } = await someBoxes(2, { wallClock }));
  [one, two] = boxes as [TestBox, TestBox];
  await one.node.runner.run((draft) => {
    draft.setField(`user:${alice.user}`, "account", "created", { time: 0 });
  }, undefined);
});
afterEach(async () => {
  for (const box of boxes) await box.stop();
});

/** Until messages of now count as old. */
const pass = (): void => void (passedMs += UNREAD_KEPT_MS + 1000);
const cut = (): void => network.cut(one.transport.self, two.transport.self);

/** Until both boxes have all, and have said so to each other. */
async function heal(): Promise<void> {
  network.heal();
  await converge(boxes);
  const isSure = (from: TestBox, to: TestBox): boolean => {
    const said = to.node.replicator.vectors().get(from.transport.self);
    return said !== undefined && includes(said, to.node.ledger.vector);
  };
  await untilSo("both know that both have all", () => isSure(one, two) && isSure(two, one));
}

async function sweep(...swept: readonly TestBox[]): Promise<void> {
  for (const { node } of swept) {
    await node.pruner.settled();
    await node.pruner.sweeper.sweep();
  }
}

/** Logs a device of alice in, on one box. */
async function logIn(box: TestBox, name = "PHONE"): Promise<SyncClient> {
  const { tokenKeys } = box.services;
  const device = name as DeviceId;
  await box.services.runner.run(openSession, { user: alice.user, device, tokenKeys });
  return new SyncClient("alice", name);
}

let txn = 0;
/** Sends a numbered message to a device, known or not. */
async function send(box: TestBox, to: SyncClient, number = 0): Promise<void> {
  const messages = { [to.user]: { [to.requester.device]: { number } } };
  const { requester } = alice;
  await sendDirectMessages(box.services, { requester, type: "t", txnId: `${txn++}`, messages });
}

/** Rows of messages, notes and topics of devices. */
async function rowsIn(box: TestBox): Promise<[messages: number, notes: number, topics: number]> {
  await box.node.pruner.settled();
  using snapshot = box.node.state.snapshot();
  const bounds = { prefix: [], after: ["device:"], before: ["device;"], limit: 10_000 };
  const messages = await snapshot.range(toDevice, { prefix: [], limit: 10_000 });
  const notes = await snapshot.range(topicLog, bounds);
  return [messages.length, notes.length, (await snapshot.range(topicVector, bounds)).length];
}

const NOTHING = [0, 0, 0];
const numbersIn = ({ toDevice: got }: Awaited<ReturnType<SyncClient["sync"]>>): unknown[] =>
  got.map(({ content }) => content["number"]);

test("what waits for a device goes on both boxes when it is removed on one", async () => {
  const phone = await logIn(one);
  const tablet = await logIn(one, "TABLET");
  for (let i = 0; i < 3; i++) await send(two, phone);
  await send(two, tablet);
  await converge(boxes);
  await logOut(one.services, phone.requester);
  await converge(boxes);
  // Before any sweep: the removal says which messages end with the device.
  for (const box of boxes) expect((await rowsIn(box)).slice(0, 2)).toEqual([1, 1]);
});

test("what the other side of a split enqueued for a removed device goes once they meet (N=2)", async () => {
  const phone = await logIn(one);
  await converge(boxes);
  cut();
  await send(two, phone);
  await logOut(one.services, phone.requester);
  pass();
  await sweep(two);
  expect((await rowsIn(two)).slice(0, 2)).toEqual([1, 1]);
  await heal();
  await sweep(one, two);
  for (const box of boxes) expect(await rowsIn(box)).toEqual(NOTHING);
});

test("a message to a device that logged in on a box that is cut off is kept and delivered (N=2)", async () => {
  cut();
  const phone = await logIn(two);
  for (let i = 0; i < 2; i++) await send(one, phone, i);
  pass();
  await sweep(one);
  expect((await rowsIn(one))[0]).toBe(2);
  await heal();
  await sweep(one, two);
  expect(numbersIn(await phone.sync(two.services))).toEqual([0, 1]);
});

test("a device that logged in again elsewhere gets what it was sent after that, and only that (N=2)", async () => {
  const phone = await logIn(one);
  await send(one, phone, 1);
  await logOut(one.services, phone.requester);
  await heal();
  cut();
  await logIn(two);
  await send(one, phone, 2);
  await send(two, phone, 3);
  pass();
  await sweep(one, two);
  await heal();
  await sweep(one, two);
  for (const box of boxes) {
    const again = new SyncClient("alice", "PHONE");
    expect(numbersIn(await again.sync(box.services)).toSorted()).toEqual([2, 3]);
  }
});

test("what waits for a device that logged in while its account was closed elsewhere goes (N=2)", async () => {
  cut();
  const phone = await logIn(two);
  await send(two, phone);
  await deactivate(one.services, { user: alice.user, erase: false });
  pass();
  await heal();
  await sweep(one, two);
  for (const box of boxes) expect(await rowsIn(box)).toEqual(NOTHING);
});

test("a message to a name that never existed waits while a member is away, then goes (N=2)", async () => {
  cut();
  await send(one, new SyncClient("nobody"));
  pass();
  await sweep(one, two);
  expect((await rowsIn(one))[0]).toBe(1);
  await heal();
  await sweep(one, two);
  for (const box of boxes) expect(await rowsIn(box)).toEqual(NOTHING);
});

test("after many devices came and went nothing is left of them, nor of names that never were", async () => {
  const bar = new SyncClient("a|b", "C|D:E");
  for (let round = 0; round < 30; round++) {
    const phone = await logIn(one, round % 3 === 0 ? "SAME" : `PHONE${round}`);
    await send(two, phone);
    await send(one, new SyncClient("nobody", `DEVICE${round}`));
    await send(two, round % 2 === 0 ? bar : alice);
    const box = round % 2 === 0 ? one : two;
    await removeDevices(box.services, { user: alice.user, devices: [phone.requester.device] });
    await send(two, phone);
  }
  const last = await logIn(two, "LAST");
  await send(one, last);
  await deactivate(one.services, { user: alice.user, erase: false });
  await send(two, last);
  pass();
  await heal();
  await sweep(one, two);
  for (const box of boxes) expect(await rowsIn(box)).toEqual(NOTHING);
});

test("a device that exists keeps what waits for it, however often queues are looked at", async () => {
  const phone = await logIn(one);
  for (let i = 0; i < 3; i++) await send(one, phone, i);
  pass();
  await heal();
  for (let i = 0; i < 3; i++) await sweep(one, two);
  expect(numbersIn(await phone.sync(two.services))).toEqual([0, 1, 2]);
});

test("a session whose login was lost with the disks has a month to read what it is sent", async () => {
  for (const number of [1, 2]) await send(one, alice, number);
  await heal();
  await sweep(one, two);
  expect(numbersIn(await alice.sync(two.services))).toEqual([1, 2]);
});

/** Another sweeper, on a box that is its own mesh and has no patience. */
function sweeperOf({ node, transport }: TestBox, messagesMax?: number) {
  const timers = new FakeTimers();
  const { state, ledger, clock } = node;
  const sweeper = new QueueSweeper({
    state,
    ledger,
    timers,
    logger: QUIET,
    isWhole: () => true,
    members: () => [transport.self],
    now: () => clock.now(),
    ...(messagesMax === undefined ? {} : { messagesMax }),
  });
  ledger.onFlushed((entries) => sweeper.flushed(entries));
  sweeper.start();
  return { sweeper, timers };
}

test("where too much waits for devices that do not exist, it goes before its time", async () => {
  const { sweeper } = sweeperOf(one, 5);
  for (let i = 0; i < 5; i++) await send(one, new SyncClient("nobody", `DEVICE${i}`));
  await sweeper.sweep();
  expect((await rowsIn(one))[0]).toBe(5);
  await send(one, new SyncClient("nobody"));
  await sweeper.sweep();
  expect(await rowsIn(one)).toEqual(NOTHING);
  await sweeper.stop();
});

test("more than may wait for a device that exists is dropped, once much has come", async () => {
  const { sweeper } = sweeperOf(one, 5);
  const phone = await logIn(one);
  for (let i = 0; i < 8; i++) await send(one, phone, i);
  await sweeper.sweep();
  await sweeper.stop();
  expect(numbersIn(await phone.sync(one.services))).toEqual([3, 4, 5, 6, 7]);
});

test("queues are looked at once an hour, and at once after many messages", async () => {
  const { sweeper, timers } = sweeperOf(one);
  const { state } = one.node;
  const isEmpty = (): boolean =>
    state.get(topicVector, [`device:${alice.user}|DEVICE` as never]) === undefined;
  await send(one, alice);
  pass();
  await timers.advance(SWEEP_MS - 1);
  expect(isEmpty()).toBe(false);
  await timers.advance(1);
  await untilSo("the queue was looked at", isEmpty);
  await send(one, alice);
  const record = { kind: "enqueue", queue: "to_device" };
  const records = Array.from({ length: MESSAGES_BETWEEN_SWEEPS_MAX - 2 }, () => record);
  const many = [{ transaction: { records } }] as unknown as readonly Flushed[];
  sweeper.flushed(many);
  pass();
  expect(isEmpty()).toBe(false);
  await send(one, new SyncClient("bob"));
  await untilSo("the queues were looked at", isEmpty);
  await sweeper.stop();
});
