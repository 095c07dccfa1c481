import { afterEach, expect, test } from "vitest";
import { deactivate } from "../../../core/account/deactivate.ts";
import { setPassword } from "../../../core/account/manage.ts";
import { openSession } from "../../../core/account/start-session.ts";
import { logOut, removeDevices } from "../../../core/device/remove-devices.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import { toDevice, toDeviceAcks } from "../../../core/tables.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

const alice = "@alice:hearth.test" as UserId;
const phone = "PHONE" as DeviceId;
const spare = "SPARE" as DeviceId;

let box: TestBox;
afterEach(() => box.stop());

/** A box where alice has two devices, with a message for the first. */
async function boxOfAlice(): Promise<void> {
  box = await oneBox();
  const { runner, tokenKeys } = box.services;
  await runner.run((draft: Draft) => {
    draft.setField(`user:${alice}`, "account", "created", { time: 0 });
  }, undefined);
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
