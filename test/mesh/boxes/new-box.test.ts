import { expect, test } from "vitest";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import { claimDeviceKeys } from "../../../core/key/claim-keys.ts";
import { uploadDeviceKeys } from "../../../core/key/upload-keys.ts";
import type { Requester } from "../../../core/services.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";
import { putBox } from "../../../mesh/membership/membership.ts";
import { LANDS_MS } from "../../../mesh/replica/introduction.ts";
import { VECTOR_INTERVAL_MS } from "../../../mesh/replica/constants.ts";
import { FAIR } from "../../simulation/options.ts";
import { recordOf } from "../../simulation/owner.ts";
import type { SimBox } from "../../simulation/sim-box.ts";
import { World } from "../../simulation/world.ts";

const ALICE: Requester = {
  user: "@alice:hearth.test" as UserId,
  device: "PHONE" as DeviceId,
  tokenId: "token",
  deviceCreated: 1 as HybridTime,
};
const ALGORITHM = "signed_curve25519";
/** So many that each box is the owner of some. */
const KEYS = 40;

async function upload(world: World, { services }: SimBox): Promise<void> {
  const named = Array.from({ length: KEYS }, (_, i) => [`${ALGORITHM}:K${i}`, { key: `${i}` }]);
  const oneTimeKeys = Object.fromEntries(named);
  await world.finish(services && uploadDeviceKeys(services, { requester: ALICE, oneTimeKeys }));
}

/** Takes all keys that a box gives. */
async function claimAll(world: World, { services }: SimBox): Promise<string[]> {
  const { user, device } = ALICE;
  const got: string[] = [];
  for (;;) {
    const wanted = [{ user, device, algorithm: ALGORITHM }];
    const [key] = (await world.finish(services && claimDeviceKeys(services, wanted))) ?? [];
    if (!key) return got;
    got.push(key.keyId);
  }
}

test("keys that were uploaded again through a box of which the first one did not know are given once", async () => {
  const world = new World("new box", { boxes: 2, faults: {}, weather: FAIR, ack: "local" });
  await world.open();
  const [a, b] = world.boxes;
  if (!a?.node || !b) throw new Error("two boxes");
  await world.clock.run(world.clock.nowMs + 30_000, () => world.hasConverged);
  // The owner of `a` lets a third one in, which `b` hears of only later.
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const)
    world.network.block(from.id, to.id);
  const record = recordOf(world.nextId());
  await world.finish(a.node.runner.run(putBox, record));
  world.network.block(record.box, b.id);
  world.network.block(b.id, record.box);
  await world.finish(world.install(record, a.node.membership.members()));
  const c = world.boxes.find(({ id }) => id === record.box);
  if (!c) throw new Error("a third box");
  await world.clock.run(world.clock.nowMs + LANDS_MS + 2 * VECTOR_INTERVAL_MS);

  await upload(world, b);
  await upload(world, c);
  const given = [...(await claimAll(world, b)), ...(await claimAll(world, c))];
  world.network.heal();
  await world.clock.run(world.clock.nowMs + LANDS_MS + 3 * VECTOR_INTERVAL_MS);
  expect(world.hasConverged).toBe(true);
  for (const box of [a, b, c]) given.push(...(await claimAll(world, box)));
  expect(given).toHaveLength(KEYS);
  expect(new Set(given).size).toBe(KEYS);
});
