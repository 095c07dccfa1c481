import { afterEach, describe, expect, it } from "vitest";
import { sendDirectMessages } from "../../../core/device/send-to-device.ts";
import { toDevice } from "../../../core/tables.ts";
import { someBoxes } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";
import { converge } from "../../support/converge.ts";
import { SyncClient } from "../../support/sync-client.ts";

let boxes: TestBox[] = [];
afterEach(async () => {
  for (const box of boxes) await box.stop();
});

describe("a message to a device", () => {
  it("that two separated boxes both took with one txnId is delivered once, whichever box is asked", async () => {
    const started = await someBoxes(2);
    ({ boxes } = started);
    const [one, two] = boxes as [TestBox, TestBox];
    const alice = new SyncClient("alice");
    const send = (box: TestBox): Promise<void> =>
      sendDirectMessages(box.services, {
        requester: alice.requester,
        type: "org.example",
        txnId: "m1",
        messages: { [alice.user]: { [alice.requester.device]: { number: 1 } } },
      });
    await alice.sync(one.services);
    started.network.cut(one.transport.self, two.transport.self);
    await send(one);
    await send(two);
    expect((await alice.sync(one.services)).toDevice).toHaveLength(1);
    started.network.heal();
    await converge(boxes);
    for (const box of [two, one, two, two, one]) {
      expect((await alice.sync(box.services)).toDevice).toEqual([]);
    }
    const isEmpty = async (box: TestBox): Promise<boolean> => {
      await box.node.pruner.settled();
      using snapshot = box.node.state.snapshot();
      return (await snapshot.range(toDevice, { prefix: [], limit: 1 })).length === 0;
    };
    await expect.poll(async () => (await isEmpty(one)) && (await isEmpty(two))).toBe(true);
  });
});
