import { beforeEach, expect, test } from "vitest";
import type { Appointment } from "../../../core/ports.ts";
import type { HybridTime, TransactionRecord } from "../../../core/transaction/records.ts";
import { HYBRID_TICKS_PER_MS } from "../../../core/transaction/records.ts";
import type { Origin } from "../../../core/vector.ts";
import type { Flushed } from "../../../mesh/journal/outcomes.ts";
import { Alarms } from "../../../mesh/outbox/alarms.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const ORIGIN = "aaaaaaaa.1" as Origin;
const quiet = (): void => undefined;

let timers: FakeTimers;
let stored: Map<string, Appointment>;
let read: () => Promise<readonly Appointment[]>;
let kept: string[];
let alarms: Alarms;

const at = (id: string, dueMs: number): Appointment => ({ id, dueMs, origin: ORIGIN });

/** Something was written that makes, moves or ends an appointment. */
function notice(id: string): void {
  const record: TransactionRecord = { kind: "put", collection: "delayed", key: [id], value: 0 };
  alarms.noticed([{ transaction: { records: [record] } } as unknown as Flushed]);
}

beforeEach(() => {
  timers = new FakeTimers();
  stored = new Map();
  read = () => Promise.resolve([...stored.values()]);
  kept = [];
  alarms = new Alarms({
    appointments: {
      all: () => read(),
      touchedBy: (record) => (record.kind === "put" ? record.key[0] : undefined),
      get: (id) => stored.get(id),
      keep: (id) => {
        kept.push(id);
        stored.delete(id);
        return Promise.resolve();
      },
    },
    timers,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    now: () => (timers.elapsed() * HYBRID_TICKS_PER_MS) as HybridTime,
    isOurs: () => true,
  });
});

test("what is written while all of them are read counts, not what they were before", async () => {
  for (const id of ["moved", "over", "same"]) stored.set(id, at(id, 1000));
  const before = [...stored.values()];
  const reading = Promise.withResolvers<void>();
  read = () => reading.promise.then(() => before);
  alarms.ring();
  stored.set("moved", at("moved", 9000));
  stored.delete("over");
  for (const id of ["moved", "over"]) notice(id);
  reading.resolve();
  await timers.advance(5000);
  expect(kept).toEqual(["same"]);
  await timers.advance(5000);
  expect(kept).toEqual(["same", "moved"]);
});

test("when they cannot be read they are read again when it rings next", async () => {
  stored.set("due", at("due", 1000));
  read = () => Promise.reject(new Error("EIO"));
  alarms.ring();
  await timers.advance(2000);
  expect(kept).toEqual([]);
  read = () => Promise.resolve([...stored.values()]);
  alarms.ring();
  await timers.advance(0);
  expect(kept).toEqual(["due"]);
});
