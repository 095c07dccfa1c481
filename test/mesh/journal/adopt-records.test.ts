import { afterEach, describe, expect, it } from "vitest";
import type { Logger } from "../../../core/ports.ts";
import { puts, unknownRecords } from "../../../core/tables.ts";
import { applyRecord } from "../../../core/transaction/apply.ts";
import { isKnownRecord } from "../../../core/transaction/known-records.ts";
import type { TransactionRecord } from "../../../core/transaction/records.ts";
import { adoptRecords } from "../../../mesh/journal/adopt-records.ts";
import type { AdoptDeps } from "../../../mesh/journal/adopt-records.ts";
import { LedgerBox, START_MS } from "../../core/rooms/ledger-box.ts";
import { Forger } from "../../core/rooms/forge.ts";

const boxes: LedgerBox[] = [];
afterEach(() => {
  for (const box of boxes.splice(0)) box.close();
});

async function openBox(name: string): Promise<LedgerBox> {
  const box = await LedgerBox.open({ name });
  boxes.push(box);
  return box;
}

/** A kind of record of a later version: the newest of a user's moods. */
const mood = (text: string): TransactionRecord =>
  ({ kind: "mood", user: "@alice:hearth.test", mood: text }) as unknown as TransactionRecord;

/** What the later version does with it. */
const applyMood: typeof applyRecord = (context, record, index, stagedKeys) => {
  const { kind, mood: text } = record as unknown as { kind: string; mood: string };
  if (kind !== "mood") return applyRecord(context, record, index, stagedKeys);
  if (text === "broken") throw new Error("no mood");
  applyRecord(context, { kind: "put", collection: "presence", key: ["mood"], value: text }, index);
};

const logged: string[] = [];
const note = (_: unknown, message: string): void => void logged.push(message);
const logger: Logger = { debug: note, info: note, warn: note, error: note };

function laterVersion({ state, ledger }: LedgerBox): AdoptDeps {
  const isKnown = (record: TransactionRecord): boolean =>
    (record.kind as string) === "mood" || isKnownRecord(record);
  return { state, ledger, logger, isKnown, apply: applyMood };
}

const kept = (box: LedgerBox): string[] =>
  box.rows(unknownRecords).map(([, { record }]) => (record as unknown as { mood: string }).mood);
const moodOf = (box: LedgerBox): unknown => box.get(puts, ["presence", "mood"])?.value;

describe("records of a kind that only a later version knows", () => {
  it("are kept with the journal and passed on through a box that does not know them", async () => {
    const [b, c] = [await openBox("b"), await openBox("c")];
    const forger = new Forger();
    const put = { kind: "put", collection: "presence", key: ["x"], value: 1 } as const;
    await b.take(forger.entry([mood("glad"), put]));
    await c.takeAll(b);
    expect(kept(c)).toEqual(["glad"]);
    // The rest of the transaction is applied.
    expect(c.get(puts, ["presence", "x"])).toMatchObject({ value: 1 });
    expect(await c.ledger.read(forger.origin, 1, 10)).toEqual(
      await b.ledger.read(forger.origin, 1, 10),
    );
  });

  it("are applied once the box runs that version, as if it always had", async () => {
    const box = await openBox("b");
    const [one, other] = [new Forger("y"), new Forger("z")];
    // The later one by time comes first; a box that knew the kind would have let it win too.
    await box.take(one.entry([mood("new")], { ms: START_MS + 2000 }));
    await box.take(other.entry([mood("old"), mood("older")], { ms: START_MS + 1000 }));
    expect(await adoptRecords({ state: box.state, ledger: box.ledger, logger })).toBe(0);
    expect(kept(box).toSorted()).toEqual(["new", "old", "older"]);

    expect(await adoptRecords(laterVersion(box))).toBe(3);
    expect([kept(box), moodOf(box)]).toEqual([[], "new"]);
    expect(box.get(puts, ["presence", "mood"])?.origin).toBe(one.origin);
    expect(await adoptRecords(laterVersion(box))).toBe(0);
  });

  it("that cannot be applied hold up no others, and are kept", async () => {
    const box = await openBox("b");
    const forger = new Forger();
    for (const text of ["glad", "broken", "sad"]) await box.take(forger.entry([mood(text)]));
    expect(await adoptRecords(laterVersion(box))).toBe(2);
    expect([kept(box), moodOf(box)]).toEqual([["broken"], "sad"]);
    expect(logged).toContain("a record that a later version had written cannot be applied");
  });

  it("are not said to be applied when the disk refuses them", async () => {
    let refuses = false;
    const beforeWrite = async (): Promise<void> => {
      if (refuses) throw new Error("the disk refuses");
    };
    const box = await LedgerBox.open({ name: "b", faults: { beforeWrite } });
    boxes.push(box);
    const forger = new Forger();
    for (const text of ["broken", "glad", "broken"]) await box.take(forger.entry([mood(text)]));
    refuses = true;
    await expect(adoptRecords(laterVersion(box))).rejects.toThrow("the disk refuses");
    refuses = false;
    expect(await adoptRecords(laterVersion(box))).toBe(1);
  });

  it("are applied however many there are", async () => {
    const box = await openBox("b");
    const forger = new Forger();
    const many = Array.from({ length: 450 }, (_, i) => mood(String(i)));
    await box.take(forger.entry(many));
    await box.take(forger.entry([mood("last")]));
    expect(await adoptRecords(laterVersion(box))).toBe(451);
    expect([kept(box), moodOf(box)]).toEqual([[], "last"]);
  });
});
