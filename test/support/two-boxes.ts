import type { Services } from "../../core/services.ts";
import { converge } from "./converge.ts";
import { someBoxes } from "./one-box.ts";

/** Two boxes that can be cut off from each other. */
export interface Split {
  readonly left: Services;
  readonly right: Services;
  readonly heal: () => Promise<void>;
  readonly cut: () => void;
}

export async function withTwoBoxes(run: (split: Split) => Promise<void>): Promise<void> {
  const { boxes, network } = await someBoxes(2);
  const [a, b] = boxes;
  try {
    if (!a || !b) throw new Error("two boxes were asked for");
    await run({
      left: a.services,
      right: b.services,
      cut: () => network.cut(a.transport.self, b.transport.self),
      heal: async () => {
        network.heal();
        await converge(boxes);
      },
    });
  } finally {
    for (const box of boxes) await box.stop();
  }
}
