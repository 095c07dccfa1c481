import type { Command } from "../../../core/ports.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import { ALICE, DEVICE, homeWith, newestOf } from "../storage-path.ts";
import type { StoragePath } from "../storage-path.ts";

export const queues: StoragePath = {
  name: "to-device messages that are acknowledged and deleted",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    const send: Command<number, void> = (draft, n) =>
      draft.sendToDevice(ALICE, DEVICE, { id: `m${n}`, sender: ALICE, type: "t", content: { n } });
    const acknowledge: Command<undefined, void> = (draft) =>
      draft.acknowledgeToDevice(ALICE, DEVICE, box.node.ledger.vector);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3; i++) await box.node.runner.run(send, round * 10 + i);
      await box.node.runner.run(acknowledge, undefined);
      await box.node.pruner.settled();
      promise(newestOf(box));
    }
    await box.stop();
  },
};
