import fc from "fast-check";
import { expect, test } from "vitest";
import { contentHash } from "../../../core/event/hash.ts";
import { redact } from "../../../core/event/redact.ts";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { RoomVersion } from "../../../core/room-version/room-version.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { stateAfter } from "../../../core/rooms/state-view.ts";
import { splitStateKey } from "../../../core/event/state-key.ts";
import {
  events,
  memberships,
  pendingRedactions,
  relations,
  roomState,
  timeline,
  topicLog,
  topicVector,
} from "../../../core/tables.ts";
import { NO_MEMBER } from "../../../core/rooms/no-member.ts";
import { LedgerBox, SERVER } from "./ledger-box.ts";
import { histories, inSomeOrder, play } from "./random-history.ts";
import type { History } from "./random-history.ts";
import { WholeDag } from "../../support/whole-dag.ts";

const RUNS = Number(process.env["RUNS"] ?? 25);
const SEED = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);
const VERSIONS = (process.env["VERSIONS"] ?? "1,2,3,6,8,10,11,12").split(",");

/**
 * The logs tell clients what changed for whom and when, which differs where branches came together in
 * another order; what they must hold is checked apart.
 */
const LOGS = [topicLog, topicVector];

const byKey = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
  a[0] < b[0] ? -1 : 1;
const sorted = <V>(map: Iterable<readonly [string, V]>): (readonly [string, V])[] =>
  [...map].toSorted(byKey);

function checkAgainstWholeDag(box: LedgerBox, room: RoomId, dag: WholeDag): void {
  for (const [[id], stored] of box.rows(events)) {
    expect(stored.rejected !== undefined, `${stored.rejected}`).toBe(dag.rejected.has(id));
    if (stored.rejected !== undefined) continue;
    expect(dag.refusal(id)).toBeUndefined();
    const state = stateAfter({ view: box.view, docs: box.docs }, room, id);
    const wanted = sorted(dag.after.get(id) ?? []);
    expect(sorted(state.entries())).toEqual(wanted);
    for (const [key, event] of wanted) expect(state.get(...splitStateKey(key))).toBe(event);
  }
  expect(box.room(room).extremities).toEqual(dag.tips);
  checkCurrentState(box, room, dag);
}

function checkCurrentState(box: LedgerBox, room: RoomId, dag: WholeDag): void {
  const resolved = [...dag.state].map(([key, event]) => [...splitStateKey(key), event] as const);
  const indexed = box.rows(roomState).map(([[, type, key], event]) => [type, key, event] as const);
  expect(indexed.toSorted()).toEqual(resolved.toSorted());
  const members = resolved
    .filter(([type]) => type === "m.room.member")
    .map(([, user, event]) => ({
      user,
      event,
      membership: dag.pdus.get(event)?.content["membership"],
    }));
  const count = (wanted: string): number =>
    members.filter(({ membership }) => membership === wanted).length;
  const { joined, invited } = box.room(room);
  expect({ joined, invited }).toEqual({ joined: count("join"), invited: count("invite") });
  const indexedMembers = box.rows(memberships).map(([[user], entry]) => ({ user, ...entry }));
  const order = (a: { user: string }, b: { user: string }): number => (a.user < b.user ? -1 : 1);
  const present = new Set(members.map(({ user }) => user));
  // Whoever had to do with the room at some time is remembered, though the state says nothing of it.
  const absent = box
    .rows(events)
    .filter(([, { pdu, rejected }]) => pdu.type === "m.room.member" && rejected === undefined)
    .map(([, { pdu }]) => pdu.state_key ?? "")
    .filter((user) => !present.has(user));
  const remembered = [...new Set(absent)].map((user) => ({ user, ...NO_MEMBER }));
  expect(indexedMembers.toSorted(order)).toEqual(
    [...members, ...remembered].filter(({ user }) => user.endsWith(`:${SERVER}`)).toSorted(order),
  );
}

/** Only what is shown is listed, and only what says so relates to something. */
function checkRows(box: LedgerBox): void {
  const shown = box
    .rows(events)
    .map(([, stored]) => stored)
    .filter(({ rejected, hidden }) => rejected === undefined && !hidden);
  const listed = box.rows(timeline).map(([[, , , id]]) => id);
  expect(listed.toSorted()).toEqual(shown.map(({ id }) => id).toSorted());
  const relating = shown.filter(({ pdu }) => pdu.content["m.relates_to"] !== undefined);
  const related = box.rows(relations).map(([[, , , , , id]]) => id);
  expect(related.toSorted()).toEqual(relating.map(({ id }) => id).toSorted());
}

/** Whatever a client may be told of later is under the transaction that brought it, and nothing else is. */
function checkLogs(box: LedgerBox, room: RoomId): void {
  const logged = new Map<EventId, string>();
  for (const [[topic, name, incarnation, seq], entries] of box.rows(topicLog)) {
    if (topic !== `room:${room}`) continue;
    for (const entry of entries) {
      if ("e" in entry) logged.set(entry.e, `${name}.${incarnation.toString(36)} ${seq}`);
    }
  }
  for (const [[, , , id]] of box.rows(timeline)) {
    const { origin, seq } = box.event(id);
    expect(logged.get(id)).toBe(`${origin} ${seq}`);
  }
  for (const id of logged.keys()) {
    const { rejected, hidden } = box.event(id);
    expect([rejected, hidden === "soft-failed"]).toEqual([undefined, false]);
  }
}

/** What stands in an accepted event is what its sender hashed, or nothing but what redaction leaves. */
function checkContents(box: LedgerBox, version: RoomVersion): void {
  for (const [, { pdu, rejected }] of box.rows(events)) {
    if (rejected !== undefined || contentHash(version, pdu) === pdu.hashes.sha256) continue;
    expect(pdu).toEqual(redact(version, pdu));
  }
}

/** Lives through a history, then checks all boxes, and one that learns of it all in another order. */
async function checkHistory(history: History, order: readonly number[]): Promise<LedgerBox> {
  using played = await play(history);
  const { room, boxes } = played;
  const [first, ...others] = boxes as [LedgerBox, ...LedgerBox[]];
  const wanted = first.dump(LOGS);
  for (const other of others) expect(other.dump(LOGS)).toEqual(wanted);

  const late = await LedgerBox.open({ name: "x" });
  for (const entry of inSomeOrder(first.entries, order)) await late.take(entry);
  expect(late.dump(LOGS)).toEqual(wanted);

  const version = roomVersion(history.version);
  const dag = new WholeDag(
    version,
    first.entries.map(({ transaction }) => transaction),
  );
  checkAgainstWholeDag(late, room, dag);
  checkAgainstWholeDag(first, room, dag);
  for (const box of [late, ...boxes]) checkLogs(box, room);
  checkRows(late);
  checkContents(late, version);
  expect(late.rows(pendingRedactions)).toEqual([]);
  late.close();
  return late;
}

const choices = fc.array(fc.nat(), { minLength: 20, maxLength: 20 });
const OPTIONS = { seed: SEED, numRuns: RUNS, endOnFailure: process.env["SHRINK"] === undefined };

test(`a room is the same on every box, whatever the order, and is what its events make it (SEED=${SEED})`, async () => {
  const check = async (history: History, order: number[]): Promise<void> => {
    const box = await checkHistory(history, order);
    expect(box.rows(events).filter(([, { rejected }]) => rejected !== undefined)).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(histories(VERSIONS), choices, check), OPTIONS);
}, 600_000);

test(`what boxes should not have let in counts nowhere, and no accepted event breaks the rules (SEED=${SEED})`, async () => {
  const met = { rejected: 0, softFailed: 0, stripped: 0, accepted: 0 };
  const check = async (history: History, order: number[]): Promise<void> => {
    const box = await checkHistory(history, order);
    for (const [, { pdu, rejected, hidden, redactedBy }] of box.rows(events)) {
      if (rejected !== undefined) met.rejected++;
      else if (hidden === "soft-failed") met.softFailed++;
      else if (redactedBy === undefined && Object.keys(pdu.content).length === 0) met.stripped++;
      else met.accepted++;
    }
  };
  await fc.assert(fc.asyncProperty(histories(VERSIONS, 3), choices, check), OPTIONS);
  expect(Math.min(...Object.values(met))).toBeGreaterThan(RUNS / 5);
}, 600_000);
