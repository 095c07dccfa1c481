import { describe, expect, test } from "vitest";
import type { UserId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { acknowledge } from "../../../core/sync/to-device-section.ts";
import { withBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

describe("to-device messages", () => {
  const post = (box: Services, to: SyncClient, from: number, count: number): Promise<void> =>
    box.runner.run((draft) => {
      for (let i = from; i < from + count; i++) {
        draft.sendToDevice(to.user, to.requester.device, {
          sender: "@x:hearth.test" as UserId,
          type: "m.test",
          content: { n: i },
        });
      }
    }, undefined);

  test("come at most 100 at a time, in order, each until acknowledged", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      await alice.sync(box);
      for (let i = 0; i < 250; i += 10) await post(box, alice, i, 10);
      const start = alice.since;
      const seen: unknown[] = [];
      const sizes: number[] = [];
      for (let i = 0; i < 4; i++) {
        const { toDevice } = await alice.sync(box);
        sizes.push(toDevice.length);
        seen.push(...toDevice.map(({ content }) => content["n"]));
      }
      expect(sizes).toEqual([100, 100, 50, 0]);
      expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => i));
      await expect
        .poll(async () => (await alice.sync(box, { since: start })).toDevice.length)
        .toBe(0);
    }));

  test("are told though many before them are acknowledged and not yet removed", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      await post(box, alice, 0, 1500);
      using snapshot = box.reader.snapshot();
      const { vector: upTo } = snapshot;
      await box.runner.run(acknowledge, {
        user: alice.user,
        device: alice.requester.device,
        upTo,
      });
      await post(box, alice, 1500, 1);
      const { toDevice } = await alice.sync(box);
      expect(toDevice.map(({ content }) => content["n"])).toEqual([1500]);
    }));
});
