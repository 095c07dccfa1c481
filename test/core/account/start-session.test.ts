import { afterEach, expect, test } from "vitest";
import { startSession } from "../../../core/account/start-session.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

const alice = "@alice:hearth.test" as UserId;
const device = (n: number): DeviceId => `DEVICE${n}` as DeviceId;

let box: TestBox;
afterEach(() => box.stop());

test("a user with 1,000 devices adds no other one, and logs in with those there are", async () => {
  box = await oneBox();
  const { services } = box;
  await services.runner.run((draft: Draft) => {
    draft.setField(`user:${alice}`, "account", "created", { time: 0 });
    for (let n = 1; n < 1000; n++) draft.setField(`user:${alice}`, "devices", device(n), {});
  }, undefined);
  const last = await startSession(services, { user: alice, device: device(1000) });
  for (const asked of [{}, { device: device(1001) }]) {
    await expect(startSession(services, { user: alice, ...asked })).rejects.toMatchObject({
      status: 403,
      errcode: "M_FORBIDDEN",
      message: "you have 1000 devices; remove some before you add one",
    });
  }
  expect(await startSession(services, { user: alice, device: last.device })).toMatchObject({
    device: last.device,
  });
});
