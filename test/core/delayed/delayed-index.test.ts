import { afterEach, expect, test } from "vitest";
import type { Json } from "../../../core/json.ts";
import { delayedEvents } from "../../../core/tables.ts";
import type { PutRecord } from "../../../core/transaction/records.ts";
import { permutations } from "../../support/permutations.ts";
import { Forger } from "../rooms/forge.ts";
import { ALICE, BOB, LedgerBox, START_MS } from "../rooms/ledger-box.ts";

const opened: LedgerBox[] = [];
afterEach(() => opened.splice(0).forEach((box) => box.close()));

const put = (collection: PutRecord["collection"], value?: Json): PutRecord => ({
  kind: "put",
  collection,
  key: ["one"],
  ...(value === undefined ? {} : { value }),
});
const scheduled = (user: string): PutRecord => put("delayed", { user });

/** What boxes wrote that may not have known of each other, each at its time, and what is listed then. */
const HISTORIES: readonly [string, readonly [ms: number, PutRecord][], unknown[]][] = [
  [
    "one that is put off and ends",
    [
      [1, scheduled(ALICE)],
      [3, put("delayed_since", { ms: 3 })],
      [5, put("delayed_end", { ts: 5 })],
    ],
    [[ALICE, "one"]],
  ],
  [
    "one that two boxes took",
    [
      [1, scheduled(ALICE)],
      [2, scheduled(ALICE)],
    ],
    [[ALICE, "one"]],
  ],
  [
    "one that was forgotten",
    [
      [1, scheduled(ALICE)],
      [2, scheduled(ALICE)],
      [9, put("delayed")],
      [9, put("delayed_end")],
    ],
    [],
  ],
  [
    "one whose later fact names somebody else",
    [
      [1, scheduled(ALICE)],
      [2, scheduled(BOB)],
    ],
    [[BOB, "one"]],
  ],
  [
    "a fact that no version wrote",
    [
      [1, scheduled(ALICE)],
      [2, put("delayed", 17)],
    ],
    [],
  ],
];

test.each(HISTORIES)(
  "the list is the same in whatever order it comes: %s",
  async (_, facts, listed) => {
    const entries = facts.map(([ms, record], i) =>
      new Forger("bcdefg".charAt(i)).entry([record], { ms: START_MS + ms }),
    );
    for (const order of permutations(entries)) {
      const box = await LedgerBox.open();
      opened.push(box);
      for (const entry of order) await box.take(entry);
      expect(box.rows(delayedEvents).map(([key]) => key)).toEqual(listed);
    }
  },
);
