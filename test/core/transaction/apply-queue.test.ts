import { afterEach, expect, test } from "vitest";
import type { DeviceId } from "../../../core/ids.ts";
import {
  oneTimeKeyCounts,
  oneTimeKeys,
  toDevice,
  toDeviceAcks,
  topicLog,
  topicVector,
} from "../../../core/tables.ts";
import type { DequeueRecord, EnqueueRecord } from "../../../core/transaction/records.ts";
import { covers, originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { ALICE, BOB, LedgerBox, START_MS } from "../rooms/ledger-box.ts";
import { permutations } from "../../support/permutations.ts";
import { Forger } from "../rooms/forge.ts";

const PHONE = "PHONE" as DeviceId;
const opened: LedgerBox[] = [];
afterEach(() => opened.splice(0).forEach((box) => box.close()));

async function boxWith(entries: readonly Entry[]): Promise<LedgerBox> {
  const box = await LedgerBox.open();
  opened.push(box);
  for (const entry of entries) await box.take(entry);
  return box;
}

function message(n: number): EnqueueRecord {
  const told = { sender: BOB, type: "m.test", content: { n } };
  return { kind: "enqueue", queue: "to_device", user: ALICE, device: PHONE, message: told };
}

function acknowledged(upTo: Vector): DequeueRecord {
  return { kind: "dequeue", queue: "to_device", user: ALICE, device: PHONE, upTo };
}

const place = { user: ALICE, device: PHONE, algorithm: "signed_curve25519" };

function upload(keyId: string, key = "k", owner = "aaaaaaaa"): EnqueueRecord {
  return { kind: "enqueue", queue: "one_time_key", ...place, keyId, key, owner };
}

function claim(keyId: string): DequeueRecord {
  return { kind: "dequeue", queue: "one_time_key", ...place, keyId };
}

const waiting = (box: LedgerBox): unknown[] => box.rows(toDevice).map(([, { content }]) => content);

test("messages wait in the order of their transactions and records", async () => {
  const bob = new Forger("b");
  const box = await boxWith([bob.entry([message(1), message(2)]), bob.entry([message(3)])]);
  expect(waiting(box)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test("a message that its acknowledgement overtook is not kept and not told of", async () => {
  const bob = new Forger("b");
  const first = bob.entry([message(1)]);
  const second = bob.entry([message(2)]);
  const ack = new Forger("c").entry([acknowledged({ [bob.origin]: 1 } as Vector)]);
  const box = await boxWith([ack, first, second]);
  expect(waiting(box)).toEqual([{ n: 2 }]);
  expect(box.rows(topicLog).map(([, entries]) => entries)).toEqual([[{ toDevice: 0 }]]);
});

test("acknowledgements on two boxes add up", async () => {
  const [bob, carol] = [new Forger("b"), new Forger("c")];
  const box = await boxWith([
    new Forger("d").entry([acknowledged({ [bob.origin]: 1 } as Vector)]),
    new Forger("e").entry([acknowledged({ [carol.origin]: 1 } as Vector)]),
    bob.entry([message(1)]),
    carol.entry([message(2)]),
  ]);
  expect(waiting(box)).toEqual([]);
});

test("a claimed one-time key stays claimed, also when its upload comes later or again", async () => {
  for (const order of [
    [upload("1"), claim("1"), upload("1", "other")],
    [claim("1"), upload("1"), upload("1", "other")],
  ]) {
    const bob = new Forger("b");
    const box = await boxWith(order.map((record) => bob.entry([record])));
    expect(box.rows(oneTimeKeys)).toEqual([[[ALICE, PHONE, "signed_curve25519", "1"], {}]]);
    const [counts] = box.rows(oneTimeKeyCounts);
    expect(counts?.[1]["signed_curve25519"] ?? 0).toBe(0);
  }
});

test("two uploads of one key on separated boxes leave the same one everywhere", async () => {
  const early = new Forger("c").entry([upload("1", "k", "cccccccc")]);
  const late = new Forger("b").entry([upload("1", "k", "bbbbbbbb")], { ms: START_MS + 1 });
  for (const order of [
    [early, late],
    [late, early],
  ]) {
    const box = await boxWith(order);
    expect(box.rows(oneTimeKeys)).toMatchObject([
      [[ALICE, PHONE, "signed_curve25519", "1"], { owner: "cccccccc" }],
    ]);
    expect(box.rows(oneTimeKeyCounts)).toEqual([[[ALICE, PHONE], { signed_curve25519: 1 }]]);
  }
});

test("copies of one message wait once, at the place of the earliest, whatever the order", async () => {
  const copy = (): EnqueueRecord => {
    const { message: told, ...record } = message(1) as Extract<
      EnqueueRecord,
      { queue: "to_device" }
    >;
    return { ...record, message: { ...told, id: "same" } };
  };
  const [early, late] = [
    new Forger("c").entry([copy()], { ms: START_MS }),
    new Forger("b").entry([copy()], { ms: START_MS + 1 }),
  ];
  const dumps = [];
  for (const order of [
    [early, late],
    [late, early],
  ]) {
    const box = await boxWith(order);
    expect(box.rows(toDevice)).toMatchObject([
      [
        [ALICE, PHONE, "cccccccc", 1, 1, 0],
        { also: [{ origin: late.transaction.origin, seq: 1 }] },
      ],
    ]);
    dumps.push(box.dump([topicLog, topicVector]));
  }
  expect(dumps[1]).toEqual(dumps[0]);
});

test("a copy of a message that the client has is dead, wherever it waits", async () => {
  const copy = (): EnqueueRecord => {
    const { message: told, ...record } = message(1) as Extract<
      EnqueueRecord,
      { queue: "to_device" }
    >;
    return { ...record, message: { ...told, id: "same" } };
  };
  const first = new Forger("b").entry([copy()], { ms: START_MS + 1 });
  const read = new Forger("d").entry([acknowledged({ [first.transaction.origin]: 1 } as Vector)], {
    deps: { [first.transaction.origin]: 1 } as Vector,
    ms: START_MS + 2,
  });
  const other = new Forger("c").entry([copy()], { ms: START_MS });
  expect(waiting(await boxWith([first, read, other]))).toEqual([]);
});

test("a device that is removed and logs in again has what came after, in whatever order it is heard of", async () => {
  const [bob, carol, dave] = [new Forger("b"), new Forger("c"), new Forger("d")];
  const dot = ({ transaction: { origin, seq } }: Entry): Vector => ({ [origin]: seq }) as Vector;
  const before = bob.entry([message(1)]);
  const removal = carol.entry([acknowledged(dot(before))], { deps: dot(before), ms: START_MS + 1 });
  const apart = dave.entry([message(2)], { ms: START_MS + 2 });
  const after = bob.entry([message(3)], { deps: dot(removal), ms: START_MS + 3 });
  let orders = 0;
  for (const order of permutations([before, removal, apart, after])) {
    const box = await LedgerBox.open();
    opened.push(box);
    if (!(await takesAll(box, order))) continue;
    orders++;
    // The removal's own are passed over by readers, and go with the next look of the pruner.
    const ack = box.get(toDeviceAcks, [ALICE, PHONE]) ?? {};
    const alive = box.rows(toDevice).filter(([[, , owner, life, seq]]) => {
      return !covers(ack, { origin: originOf(owner, life), seq });
    });
    expect(alive.map(([, { content }]) => content["n"])).toEqual([3, 2]);
  }
  expect(orders).toBe(4);
});

/** Is it an order in which boxes take entries? */
async function takesAll(box: LedgerBox, order: readonly Entry[]): Promise<boolean> {
  for (const entry of order) {
    if (!box.ledger.isReady(entry)) return false;
    await box.take(entry);
  }
  return true;
}
