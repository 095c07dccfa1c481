import { afterEach, beforeEach, expect, test } from "vitest";
import { deactivate } from "../../../core/account/deactivate.ts";
import { useAccessToken } from "../../../core/account/refresh.ts";
import { startSession } from "../../../core/account/start-session.ts";
import { roundOf } from "../../../core/account/token-form.ts";
import {
  devicesOf,
  logOut,
  logOutEverywhere,
  removeDevices,
} from "../../../core/device/remove-devices.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import { uploadDeviceKeys } from "../../../core/key/upload-keys.ts";
import type { Requester } from "../../../core/services.ts";
import { fields } from "../../../core/tables.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import { ROUND_OF_ENDED } from "../../../core/transaction/records.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

const alice = "@alice:hearth.test" as UserId;
const phone = "PHONE" as DeviceId;
const LOGGED_OUT = { status: 401, errcode: "M_UNKNOWN_TOKEN" };

let box: TestBox;
beforeEach(async () => {
  box = await oneBox();
  await change((draft) => draft.setField(`user:${alice}`, "account", "created", { time: 0 }));
});
afterEach(() => box.stop());

function change(edit: (draft: Draft) => void): Promise<void> {
  return box.services.runner.run((draft: Draft) => edit(draft), undefined);
}

/** Logs the phone in; what a request of it is let in as. */
async function letIn(): Promise<Requester> {
  const login = { user: alice, device: phone, refreshable: true };
  const { token } = await startSession(box.services, login);
  return useAccessToken(box.services, token);
}

function upload(requester: Requester): Promise<unknown> {
  return uploadDeviceKeys(box.services, {
    requester,
    deviceKeys: { user_id: alice, device_id: phone, algorithms: [], keys: {}, signatures: {} },
    oneTimeKeys: { "signed_curve25519:A": { key: "a" } },
  });
}

const keysOf = (device: DeviceId): unknown =>
  box.services.reader.get(fields, [`user:${alice}`, "device_keys", device]);

const ENDS: readonly [how: string, end: (phone: Requester) => Promise<void>][] = [
  ["deleting it", () => removeDevices(box.services, { user: alice, devices: [phone] })],
  ["logging out", (requester) => logOut(box.services, requester)],
  ["logging out everywhere", () => logOutEverywhere(box.services, { user: alice })],
  ["closing the account", () => deactivate(box.services, { user: alice, erase: false })],
  [
    "the end of its session alone",
    ({ tokenId }) =>
      change((draft) => {
        const session = roundOf(tokenId)?.session;
        if (session !== undefined) draft.raiseRound(session, ROUND_OF_ENDED);
        draft.setField(`user:${alice}`, "devices", phone, undefined);
      }),
  ],
];

test.each(ENDS)("an upload that was under way does not undo %s", async (_how, end) => {
  const requester = await letIn();
  await end(requester);
  await expect(upload(requester)).rejects.toMatchObject(LOGGED_OUT);
  expect(await devicesOf(box.services.reader, alice)).toEqual([]);
  expect(keysOf(phone)).toBeUndefined();
});

test("an upload of an earlier session does not give its keys to a later one of the same device ID", async () => {
  const earlier = await letIn();
  await removeDevices(box.services, { user: alice, devices: [phone] });
  const later = await letIn();
  await expect(upload(earlier)).rejects.toMatchObject(LOGGED_OUT);
  expect(keysOf(phone)).toBeUndefined();
  await upload(later);
  expect(keysOf(phone)).toBeDefined();
});

test("a device that logged in on a box which is cut off is made by its upload, also under an ID used before", async () => {
  await letIn();
  await removeDevices(box.services, { user: alice, devices: [phone] });
  const requester = await letIn();
  await change((draft) => draft.setField(`user:${alice}`, "devices", phone, undefined));
  await upload(requester);
  expect(await devicesOf(box.services.reader, alice)).toEqual([phone]);
  expect(box.services.reader.get(fields, [`user:${alice}`, "devices", phone])).toEqual({
    created: requester.deviceCreated,
  });
});
