import { expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import { Truncator } from "../../../mesh/replica/truncator.ts";
import type { JournalLimits } from "../../../mesh/replica/truncator.ts";
import { heardKey } from "../../../mesh/store/mesh-keys.ts";
import { boxOfName, entriesOf, openLedger, write } from "../journal/open-ledger.ts";
import type { OpenLedger } from "../journal/open-ledger.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const [A, B, C] = ["a", "b", "c"].map(boxOfName) as [BoxId, BoxId, BoxId];
const A1 = originOf(A, 1);
/** Everybody has heard of everybody. */
const ALL = { [originOf(B, 1)]: 0, [originOf(C, 1)]: 0 };
const LIMITS: JournalLimits = {
  keepEntries: 8,
  keepLength: 1_000_000,
  heldEntries: 200,
  heldLength: 1_000_000,
  lookMs: 1000,
};
const quiet = (): void => undefined;
const said = (seq: number): Vector => ({ [A1]: seq, ...ALL }) as Vector;

interface Options {
  readonly limits?: Partial<JournalLimits>;
  readonly members?: readonly BoxId[];
  readonly isWhole?: () => boolean;
  readonly on?: OpenLedger;
}

async function truncating({ limits, members = [A, B, C], isWhole, on }: Options = {}) {
  const box = on ?? (await openLedger());
  const timers = new FakeTimers();
  const truncator = new Truncator({
    ...box,
    timers,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    self: A,
    limits: { ...LIMITS, ...limits },
    members: () => members,
    isWhole: isWhole ?? (() => true),
  });
  await truncator.start();
  const writeMany = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await write(box, `note ${box.ledger.lastOwn?.seq ?? 0}`);
  };
  /** How many entries are left after the next look. */
  const left = async (): Promise<number> => {
    await timers.advance(LIMITS.lookMs);
    await truncator.settled();
    return (await entriesOf(box, A1)).length;
  };
  return { box, truncator, writeMany, left };
}

test("drops what every other member confirmed, down to what is kept", async () => {
  const { truncator, writeMany, left } = await truncating();
  await writeMany(30);
  truncator.heard(B, said(30));
  truncator.heard(C, said(11));
  expect(await left()).toBe(19);
  truncator.heard(C, said(30));
  expect(await left()).toBe(8);
});

test("waits until there is a quarter more than is kept, so that cuts are few", async () => {
  const { truncator, writeMany, left } = await truncating();
  await writeMany(10);
  for (const box of [B, C]) truncator.heard(box, said(99));
  expect(await left()).toBe(10);
  await writeMany(1);
  expect(await left()).toBe(8);
});

test("keeps less where the entries are long", async () => {
  const { truncator, writeMany, left } = await truncating({ limits: { keepLength: 1 } });
  await writeMany(6);
  for (const box of [B, C]) truncator.heard(box, said(99));
  expect(await left()).toBe(0);
});

test("keeps what a member lacks up to a limit, then drops what most boxes have", async () => {
  const { truncator, writeMany, left } = await truncating({ limits: { heldEntries: 16 } });
  truncator.heard(C, said(2));
  await writeMany(20);
  truncator.heard(B, said(20));
  expect(await left()).toBe(18);
  await writeMany(5);
  truncator.heard(B, said(19));
  expect(await left()).toBe(16);
  expect([...truncator.report().heldFor]).toEqual([[C, 16]]);
});

test("drops nothing that this box alone has, however long the others are away", async () => {
  const { truncator, writeMany, left } = await truncating();
  for (const box of [B, C]) truncator.heard(box, said(1));
  await writeMany(300);
  expect(await left()).toBe(299);
});

test("drops nothing of a box that is alone in its mesh, nor while the box is not whole", async () => {
  const alone = await truncating({ members: [A] });
  await alone.writeMany(30);
  expect(await alone.left()).toBe(30);
  const broken = await truncating({ isWhole: () => false });
  await broken.writeMany(30);
  for (const box of [B, C]) broken.truncator.heard(box, said(30));
  expect(await broken.left()).toBe(30);
});

test("a member that says it has less than before is believed", async () => {
  const { truncator, writeMany, left } = await truncating();
  await writeMany(30);
  for (const box of [B, C]) truncator.heard(box, said(30));
  truncator.heard(C, said(3));
  expect(await left()).toBe(27);
});

test("what a box said is remembered across lives, so that its absence holds up nothing", async () => {
  const { box, truncator, writeMany, left } = await truncating();
  await writeMany(30);
  for (const other of [B, C]) truncator.heard(other, said(28));
  expect(await left()).toBe(8);
  expect(JSON.parse(box.store.get(heardKey(C)) ?? "")).toEqual(said(28));
  await truncator.stop();
  const next = await truncating({ on: await openLedger({ disk: box.disk }) });
  next.truncator.heard(B, said(50));
  await next.writeMany(20);
  expect(await next.left()).toBe(22);
});

test("a damaged row of what a box said is passed over, as if it had said nothing", async () => {
  const on = await openLedger();
  const rows = [heardKey(B), heardKey(C)].map((key, i) => ({ key, value: ["{", "[7]"][i] ?? "" }));
  await on.store.batch(rows.map((row) => ({ type: "put" as const, ...row })));
  const { truncator, writeMany, left } = await truncating({ on });
  await writeMany(30);
  expect(await left()).toBe(30);
  for (const box of [B, C]) truncator.heard(box, said(30));
  expect(await left()).toBe(8);
});

test("reports how long the journal is and for whom", async () => {
  const { box, truncator, writeMany } = await truncating();
  await writeMany(30);
  truncator.heard(B, said(30));
  truncator.heard(C, said(25));
  expect(truncator.report()).toMatchObject({ entries: 30, length: box.ledger.extent.length });
  expect(truncator.report().heldFor.size).toBe(0);
  truncator.heard(C, said(5));
  expect([...truncator.report().heldFor]).toEqual([[C, 25]]);
});
