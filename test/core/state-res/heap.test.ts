import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "../../../core/state-res/heap.ts";

test("items come out in ascending order, also when pushed in between", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer())), (operations) => {
      const heap = new Heap<number>((a, b) => a - b);
      const model: number[] = [];
      for (const item of operations) {
        if (item === null) expect(heap.pop()).toBe(model.shift());
        else {
          heap.push(item);
          model.push(item);
          model.sort((a, b) => a - b);
        }
      }
      for (const item of model) expect(heap.pop()).toBe(item);
      expect(heap.pop()).toBeUndefined();
    }),
  );
});
