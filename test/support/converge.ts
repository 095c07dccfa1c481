import { expect } from "vitest";
import { includes } from "../../core/vector.ts";
import type { TestBox } from "./one-box.ts";

/** Waits until all boxes have all transactions. */
export async function converge(boxes: readonly TestBox[]): Promise<void> {
  const vectors = () =>
    boxes.map(({ services }) => {
      using snapshot = services.reader.snapshot();
      return snapshot.vector;
    });
  const isOne = (): boolean => {
    const all = vectors();
    return all.every((a) => all.every((b) => includes(a, b)));
  };
  await expect.poll(isOne, { timeout: 10_000, interval: 5 }).toBe(true);
}
