import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import type { Logger } from "../../../core/ports.ts";
import { closedOrigins } from "../../../core/tables.ts";
import { HYBRID_TICKS_PER_MS } from "../../../core/transaction/records.ts";
import { originOf } from "../../../core/vector.ts";
import { hashOfEntry } from "../../../mesh/journal/entry.ts";
import { WAITING_ENTRIES_MAX } from "../../../mesh/replica/constants.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

const OTHER = originOf("bbbbbbbb" as BoxId, 1000);
const STRAY = originOf("cccccccc" as BoxId, 1000);
/** Years back, so never from the future. */
const TIME = Date.UTC(2025, 6) * HYBRID_TICKS_PER_MS;

let box: TestBox;
let logged: string[];
beforeEach(async () => {
  logged = [];
  const note = (_fields: unknown, message: string): void => void logged.push(message);
  const logger: Logger = { debug: () => undefined, info: note, warn: note, error: note };
  box = await oneBox({ logger });
});
afterEach(() => box.stop());

function entry(change: object = {}): string {
  const of = { v: 1, origin: OTHER, seq: 1, time: TIME, deps: {}, prev: "" };
  return JSON.stringify({ ...of, records: [{ kind: "birth" }], ...change });
}

const take = (...texts: string[]): Promise<void> => box.node.replicator.take(texts);
const lastOf = (origin = OTHER): number | undefined => box.node.ledger.lastApplied(origin);

describe("entries from others", () => {
  it("a wrong entry does not keep the right one of its place out", async () => {
    const first = entry();
    const forged = entry({ seq: 2, prev: "forged" });
    const impossible = { kind: "change", doc: "mesh", change: "AAAA" };
    const broken = entry({ seq: 2, prev: hashOfEntry(first), records: [impossible] });
    const right = entry({ seq: 2, prev: hashOfEntry(first), time: TIME + 1 });
    await take(first, forged);
    expect(lastOf()).toBe(1);
    await take(broken);
    expect(lastOf()).toBe(1);
    expect(box.node.replicator.refused().get(OTHER)).toContain("cannot be applied");
    await take(right);
    expect(lastOf()).toBe(2);
    expect(box.node.replicator.refused().size).toBe(0);
  });

  it("of a life that is over nothing waits: what is on no disk must not come up later", async () => {
    const [first, second] = [entry(), entry({ seq: 2, prev: hashOfEntry(entry()) })];
    const third = entry({ seq: 3, prev: hashOfEntry(second) });
    const later = originOf("bbbbbbbb" as BoxId, 2000);
    await take(first, third);
    await take(entry({ origin: later }));
    expect(lastOf(later)).toBe(1);
    await take(second);
    expect(lastOf()).toBe(2);
    await take(third);
    expect(lastOf()).toBe(3);
  });

  it("an entry of this box's own life that it never made is dropped", async () => {
    const { life } = box.node.ledger;
    const before = lastOf(life) ?? 0;
    await take(entry({ origin: life, seq: before + 1 }));
    expect(lastOf(life)).toBe(before);
  });

  it("entries that can never be applied keep none out that can", async () => {
    const orphans = Array.from({ length: WAITING_ENTRIES_MAX + 10 }, (_, i) =>
      entry({ origin: STRAY, seq: i + 2 }),
    );
    await take(...orphans);
    expect(lastOf(STRAY)).toBeUndefined();
    await take(entry());
    expect(lastOf()).toBe(1);
  });

  it("no box closes the journal of another one", async () => {
    const { life } = box.node.ledger;
    const earlier = originOf("bbbbbbbb" as BoxId, 1);
    const closes = [life, earlier].map((origin) => ({ kind: "close", origin, seq: 1 }));
    await take(entry({ records: closes }));
    expect(lastOf()).toBe(1);
    expect(box.node.state.get(closedOrigins, [life])).toBeUndefined();
    expect(box.node.state.get(closedOrigins, [earlier])).toBe(1);
  });

  it("garbage is logged ever more seldom", async () => {
    await take(...Array.from({ length: 1000 }, (_, i) => `garbage ${i}`));
    expect(logged.filter((message) => message.includes("journal entry"))).toHaveLength(10);
  });
});
