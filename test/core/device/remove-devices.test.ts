import { afterEach, expect, test } from "vitest";
import { deactivate } from "../../../core/account/deactivate.ts";
import { setPassword } from "../../../core/account/manage.ts";
import { useAccessToken } from "../../../core/account/refresh.ts";
import { openSession, startSession } from "../../../core/account/start-session.ts";
import { logOut, logOutEverywhere, removeDevices } from "../../../core/device/remove-devices.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { toDevice, toDeviceAcks } from "../../../core/tables.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import { oneBox, someBoxes, untilMeshed } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

const alice = "@alice:hearth.test" as UserId;
const phone = "PHONE" as DeviceId;
const spare = "SPARE" as DeviceId;

let box: TestBox;
let others: TestBox[] = [];
afterEach(async () => {
  await box.stop();
  for (const other of others.splice(0)) await other.stop();
});

async function addAlice(): Promise<void> {
  await box.services.runner.run((draft: Draft) => {
    draft.setField(`user:${alice}`, "account", "created", { time: 0 });
  }, undefined);
}

/** A box where alice has two devices, with a message for the first. */
async function boxOfAlice(): Promise<void> {
  box = await oneBox();
  await addAlice();
  const { runner, tokenKeys } = box.services;
  for (const device of [phone, spare]) {
    await runner.run(openSession, { user: alice, device, tokenKeys });
  }
  await send(phone);
}

async function send(device: DeviceId): Promise<void> {
  await box.services.runner.run(
    (draft: Draft) => draft.sendToDevice(alice, device, { sender: alice, type: "t", content: {} }),
    undefined,
  );
}

async function waiting(): Promise<number> {
  await box.node.pruner.settled();
  using snapshot = box.node.state.snapshot();
  return (await snapshot.range(toDevice, { prefix: [alice], limit: 1000 })).length;
}

const { requester } = new SyncClient("alice", "PHONE");
test.each<readonly [way: string, remove: () => Promise<void>]>([
  ["logging out", () => logOut(box.services, requester)],
  ["deleting devices", () => removeDevices(box.services, { user: alice, devices: [phone] })],
  ["closing the account", () => deactivate(box.services, { user: alice, erase: false })],
  [
    "changing the password",
    () => {
      const change = { user: alice, password: "new-secret", logoutDevices: true, keep: spare };
      return setPassword(box.services, change);
    },
  ],
])("%s takes what waits for the device along", async (_, remove) => {
  await boxOfAlice();
  expect(await waiting()).toBe(1);
  await remove();
  expect(await waiting()).toBe(0);
});

test("a device for which nothing waits is not acknowledged for, and the queues of others stay", async () => {
  await boxOfAlice();
  await removeDevices(box.services, { user: alice, devices: [spare] });
  expect(box.services.reader.get(toDeviceAcks, [alice, spare])).toBeUndefined();
  expect(await waiting()).toBe(1);
});

test("more devices go than fit in one transaction, with what waits for each", async () => {
  await boxOfAlice();
  const devices = Array.from({ length: 250 }, (_, i) => `OLD${i}` as DeviceId);
  for (const device of devices) await send(device);
  await removeDevices(box.services, { user: alice, devices });
  expect(await waiting()).toBe(1);
});

interface Parted {
  readonly one: Services;
  readonly two: Services;
  /** Sets the clock of both so many milliseconds after the start. */
  readonly at: (ms: number) => void;
  readonly heal: () => Promise<void>;
}

/** Two boxes that know alice and do not see each other. */
async function partedBoxes(): Promise<Parted> {
  const startMs = Date.now();
  let nowMs = startMs;
  const { boxes, network } = await someBoxes(2, { wallClock: () => nowMs });
  [box, ...others] = boxes as [TestBox, ...TestBox[]];
  const [one, two] = boxes.map(({ services }) => services) as [Services, Services];
  await addAlice();
  await untilMeshed(boxes);
  network.cut(one.boxes.self, two.boxes.self);
  return {
    one,
    two,
    at: (ms) => void (nowMs = startMs + ms),
    heal: async () => {
      network.heal();
      await untilMeshed(boxes);
    },
  };
}

const logIn = async (services: Services, device: DeviceId): Promise<string> =>
  (await startSession(services, { user: alice, device })).token;
const changePassword = (services: Services, keep: DeviceId): Promise<void> =>
  setPassword(services, { user: alice, password: "new-secret", logoutDevices: true, keep });
const expectDead = async (all: readonly Services[], token: string): Promise<void> => {
  for (const services of all) {
    await expect(useAccessToken(services, token)).rejects.toMatchObject({ status: 401 });
  }
};

test("logging out everywhere ends a session elsewhere that changes the password later", async () => {
  const { one, two, at, heal } = await partedBoxes();
  const token = await logIn(one, phone);
  at(20);
  await logOutEverywhere(two, { user: alice });
  at(30);
  await changePassword(one, phone);
  await expect(useAccessToken(one, token)).resolves.toMatchObject({ device: phone });
  await heal();
  await expectDead([one, two], token);
});

test("changing the password ends a session that its box has not heard of, and spares its own", async () => {
  const { one, two, at, heal } = await partedBoxes();
  const [own, other] = [await logIn(one, phone), await logIn(two, spare)];
  at(20);
  await changePassword(one, phone);
  at(30);
  const later = await logIn(two, "LATER" as DeviceId);
  await heal();
  await expectDead([one, two], other);
  for (const services of [one, two]) {
    for (const token of [own, later]) await useAccessToken(services, token);
  }
});
