import { afterEach, describe, expect, it } from "vitest";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import { deviceTopic, toDevice, topicLog } from "../../../core/tables.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import { someBoxes } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

const bob = "@bob:hearth.test" as UserId;
const phone = "PHONE" as DeviceId;
const tablet = "TABLET" as DeviceId;

let boxes: TestBox[] = [];
afterEach(async () => {
  for (const box of boxes) await box.stop();
});

function send(draft: Draft, device: DeviceId): void {
  draft.sendToDevice(bob, device, { sender: bob, type: "org.example", content: {} });
}

async function waitingFor(box: TestBox, device: DeviceId): Promise<number> {
  await box.node.pruner.settled();
  using snapshot = box.node.state.snapshot();
  return (await snapshot.range(toDevice, { prefix: [bob, device], limit: 10_000 })).length;
}

/** Notes that something came for the device. */
async function notesFor(box: TestBox, device: DeviceId): Promise<number> {
  using snapshot = box.node.state.snapshot();
  return (await snapshot.range(topicLog, { prefix: [deviceTopic(bob, device)], limit: 10_000 }))
    .length;
}

describe("the pruner of to-device messages", () => {
  it("deletes on every box what the client has acknowledged, and nothing else", async () => {
    ({ boxes } = await someBoxes(2));
    const [one, two] = boxes as [TestBox, TestBox];
    for (let i = 0; i < 450; i++) {
      void one.node.runner.run(send, phone);
    }
    await one.node.runner.run(send, tablet);
    const upTo = one.node.ledger.vector;
    await two.node.runner.run(send, phone);
    await one.node.runner.run(
      (draft: Draft) => draft.acknowledgeToDevice(bob, phone, upTo),
      undefined,
    );
    for (const box of boxes) {
      expect(await waitingFor(box, phone)).toBe(1);
      expect(await notesFor(box, phone)).toBe(1);
      expect(await waitingFor(box, tablet)).toBe(1);
    }
  });
});
