import { expect, test } from "vitest";
import { originOf } from "../../../core/vector.ts";
import { latestLife, loadPositions, nextLife } from "../../../mesh/journal/positions.ts";
import { positionKey } from "../../../mesh/store/mesh-keys.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { boxOfName } from "./open-ledger.ts";

const [A, B] = [boxOfName("a"), boxOfName("b")];

test("a life begins at the time of its box", () => {
  expect(nextLife(A, [originOf(B, 900)], 500)).toBe(originOf(A, 500));
});

test("a life begins after every life that is known of its box, whatever the clock says", () => {
  const known = [originOf(A, 700), originOf(A, 300), originOf(B, 900)];
  expect(latestLife(A, known)).toBe(originOf(A, 700));
  expect(nextLife(A, known, 500)).toBe(originOf(A, 701));
});

test("the places of all lives are read, however many there were", async () => {
  const store = new MemoryStore();
  const lives = Array.from({ length: 30_500 }, (_, i) => originOf(A, i + 1));
  await store.batch(
    lives.map((life, i) => ({
      type: "put" as const,
      key: positionKey(life),
      value: JSON.stringify({ seq: i, hash: "h" }),
    })),
  );
  const positions = await loadPositions(store);
  expect(positions.size).toBe(lives.length);
  expect(positions.get(originOf(A, lives.length))?.onDisk.seq).toBe(lives.length - 1);
});
