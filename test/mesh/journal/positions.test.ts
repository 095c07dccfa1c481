import { expect, test } from "vitest";
import { originOf } from "../../../core/vector.ts";
import { latestLife, nextLife } from "../../../mesh/journal/positions.ts";
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
