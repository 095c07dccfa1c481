import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { actorOf, AutomergeDoc } from "../../../mesh/documents/automerge-doc.ts";
import type { BoxId } from "../../../core/ids.ts";
import { originOf } from "../../../core/vector.ts";

const actor = (n: number): string => actorOf(originOf("aaaaaaaa" as BoxId, n));

describe("changes made elsewhere", () => {
  it("show in heads, containment and reads as soon as they are taken, whatever was read before", () => {
    const step = fc.record({
      by: fc.nat(1),
      key: fc.constantFrom("a", "b", "c"),
      removes: fc.boolean(),
      look: fc.constantFrom("nothing", "get", "keys", "entries", "old", "save"),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const makers = [new AutomergeDoc(actor(1)), new AutomergeDoc(actor(2))];
        const taker = new AutomergeDoc(actor(3));
        const before: { heads: readonly string[]; entries: [string, string][] }[] = [];
        for (const [i, { by, key, removes, look }] of steps.entries()) {
          const maker = makers[by];
          if (!maker) continue;
          const { change } = maker.change([[key, removes ? undefined : String(i)]]);
          expect(taker.apply(change)).toEqual([key]);
          // Both makers follow each other, so what a maker has is what the taker must have.
          makers[1 - by]?.apply(change);
          expect(taker.heads).toEqual(maker.heads);
          expect(taker.contains(maker.heads)).toBe(true);
          if (look === "get") expect(taker.get(key)).toBe(removes ? undefined : String(i));
          if (look === "keys") {
            for (const each of ["a", "b", "c"]) {
              expect(taker.get(each, maker.heads)).toBe(maker.get(each));
            }
          }
          if (look === "entries") expect(taker.entries()).toEqual(maker.entries());
          if (look === "save") taker.save();
          const old = before[Math.floor(before.length / 2)];
          if (look === "old" && old) expect(taker.entries(old.heads)).toEqual(old.entries);
          if (old) {
            const [was, is] = [new Map(old.entries), new Map(maker.entries())];
            const found = look === "nothing" ? [] : taker.changed(old.heads, maker.heads);
            const moved = ["a", "b", "c"].filter((each) => was.get(each) !== is.get(each));
            if (look !== "nothing") expect(found).toEqual(expect.arrayContaining(moved));
          }
          before.push({ heads: maker.heads, entries: maker.entries() });
        }
        expect(taker.entries(taker.heads)).toEqual(makers[0]?.entries());
        expect(taker.change([["d", "1"]]).heads).toEqual(taker.heads);
        for (const doc of [...makers, taker]) doc.free();
      }),
      { numRuns: 60 },
    );
  });

  it("are refused when they reuse a sequence while earlier ones still wait", () => {
    const maker = new AutomergeDoc(actor(1));
    const first = maker.change([["a", "1"]]);
    const second = maker.change([["a", "2"]]);
    const twin = new AutomergeDoc(actor(1));
    twin.apply(first.change);
    const forked = twin.change([["a", "3"]]);
    const taker = new AutomergeDoc(actor(3));
    taker.apply(first.change);
    taker.apply(second.change);
    expect(() => taker.apply(forked.change)).toThrow("contradicts");
    expect(taker.get("a")).toBe("2");
    for (const doc of [maker, twin, taker]) doc.free();
  });
});
