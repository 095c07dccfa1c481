import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { events } from "../../../core/tables.ts";
import { compareBytes } from "../../../mesh/store/byte-order.ts";
import { encodeKey } from "../../../mesh/store/keys.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { BUCKET_ROWS } from "../../../mesh/verify/constants.ts";
import { bucketsOf, differingRanges, valueHash } from "../../../mesh/verify/digest.ts";
import type { Bucket } from "../../../mesh/verify/digest.ts";
import { sectionNamed } from "../../../mesh/verify/sections.ts";

const EVENTS = sectionNamed("e")!;
const keyOf = (n: number): string => encodeKey(events, [`$${n}`] as never);

async function buckets(disk: MemoryDisk): Promise<Bucket[]> {
  using snapshot = new MemoryStore(disk).snapshot();
  return await Array.fromAsync(bucketsOf(snapshot, EVENTS));
}

describe("bucketsOf", () => {
  it("cuts many rows into buckets of about the size that is wanted, and counts each row once", async () => {
    const disk = new MemoryDisk();
    const rows = 20 * BUCKET_ROWS;
    disk.write(
      Array.from({ length: rows }, (_, n) => ({ type: "put", key: keyOf(n), value: "1" })),
    );
    const found = await buckets(disk);
    expect(found.reduce((sum, bucket) => sum + bucket.rows, 0)).toBe(rows);
    expect(found.length).toBeGreaterThan(8);
    expect(found.length).toBeLessThan(45);
  });
});

describe("differingRanges", () => {
  it("covers every row that is not the same, and little else", async () => {
    const base = Array.from({ length: 3000 }, (_, n) => n);
    const change = fc.record({
      at: fc.nat(3200),
      to: fc.constantFrom("gone", "changed"),
      side: fc.nat(1),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), async (changes) => {
        const disks = [new MemoryDisk(), new MemoryDisk()] as const;
        for (const disk of disks) {
          disk.write(base.map((n) => ({ type: "put", key: keyOf(n), value: `"${n}"` })));
        }
        for (const { at, to, side } of changes) {
          const key = keyOf(at);
          const op =
            to === "gone"
              ? { type: "del" as const, key }
              : { type: "put" as const, key, value: to };
          disks[side === 0 ? 0 : 1].write([op]);
        }
        const ranges = differingRanges(await buckets(disks[0]), await buckets(disks[1]));
        const isIn = (key: string): boolean =>
          ranges.some(
            ({ after, through }) =>
              (after === undefined || compareBytes(key, after) > 0) &&
              (through === undefined || compareBytes(key, through) <= 0),
          );
        const keys = new Set([...disks[0].entries.keys(), ...disks[1].entries.keys()]);
        for (const key of keys) {
          if (disks[0].entries.get(key) !== disks[1].entries.get(key)) expect(isIn(key)).toBe(true);
        }
        if (changes.length === 0) expect(ranges).toEqual([]);
        // A change touches the bucket that it is in, and the next one where it moves a border.
        const covered = [...keys].filter(isIn).length;
        expect(covered).toBeLessThan((changes.length + 0.01) * 12 * BUCKET_ROWS);
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  it("puts neighbours together", () => {
    const a = [
      { last: "a", rows: 1, hash: "1" },
      { last: "b", rows: 1, hash: "2" },
      { rows: 1, hash: "3" },
    ];
    const b = [
      { last: "a", rows: 1, hash: "x" },
      { last: "b", rows: 1, hash: "y" },
      { rows: 1, hash: "3" },
    ];
    expect(differingRanges(a, b)).toEqual([{ through: "b" }]);
    expect(differingRanges(a, [])).toEqual([{}]);
  });
});

describe("valueHash", () => {
  it("is the same whatever the order of members, at every depth, and minds that of lists", () => {
    expect(valueHash('{"a":[{"b":1,"c":2}],"d":3}')).toBe(valueHash('{"d":3,"a":[{"c":2,"b":1}]}'));
    expect(valueHash("[1,2]")).not.toBe(valueHash("[2,1]"));
    expect(valueHash("{torn")).not.toBe(valueHash("{tor"));
  });
});
