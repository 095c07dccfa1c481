import { afterEach, beforeEach, expect, test } from "vitest";
import { updateOneDevice } from "../../../core/device/devices.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import { fields } from "../../../core/tables.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import { instantTimers } from "../../support/instant-timers.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

const user = "@alice:hearth.test" as UserId;
const device = "PHONE" as DeviceId;
const rename = { user, device, displayName: "Desk" };

let box: TestBox;
beforeEach(async () => {
  box = await oneBox();
});
afterEach(() => box.stop());

test("a device that a box does not know is 404, and 503 while the box lags behind", async () => {
  const behind = { ...box.services, isCaughtUp: () => false, timers: instantTimers() };
  await expect(updateOneDevice(box.services, rename)).rejects.toMatchObject({ status: 404 });
  await expect(updateOneDevice(behind, rename)).rejects.toMatchObject({ status: 503 });
});

test("a device whose login arrives a moment later is named", async () => {
  const arrive = (draft: Draft): void =>
    draft.setField(`user:${user}`, "devices", device, { created: 5 });
  const timers = instantTimers(() => box.services.runner.run(arrive, undefined));
  await updateOneDevice({ ...box.services, isCaughtUp: () => false, timers }, rename);
  expect(box.services.reader.get(fields, [`user:${user}`, "devices", device])).toEqual({
    created: 5,
    display_name: "Desk",
  });
});
