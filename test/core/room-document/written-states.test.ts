import fc from "fast-check";
import { expect, test } from "vitest";
import { splitStateKey, stateKeyOf } from "../../../core/event/state-key.ts";
import type { StateKey } from "../../../core/event/state-key.ts";
import type { BoxId, EventId, RoomId } from "../../../core/ids.ts";
import type { RoomDocumentLimits } from "../../../core/room-document/constants.ts";
import {
  differingKeys,
  documentState,
  mergedState,
} from "../../../core/room-document/document-state.ts";
import { isStateHere } from "../../../core/room-document/is-state-here.ts";
import { leavesOf, mainLeaf } from "../../../core/room-document/leaves.ts";
import { StateWriter } from "../../../core/room-document/write-state.ts";
import type { ChangeRecord, StateHeads } from "../../../core/transaction/records.ts";
import { originOf } from "../../../core/vector.ts";
import { actorOf } from "../../../mesh/documents/automerge-doc.ts";
import { DocumentStore } from "../../../mesh/documents/documents.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);
const RUNS = Number(process.env["RUNS"] ?? 12);
const ROOM = "!room" as RoomId;
const KEYS = Array.from({ length: 16 }, (_, i) => stateKeyOf("m.room.member", `@u${i}`));

/** The documents of one box, without events. */
class Papers {
  readonly state = new StateStore(new MemoryStore());
  readonly docs: DocumentStore;

  constructor(name: string, limits: RoomDocumentLimits) {
    const actor = actorOf(originOf(name.repeat(8) as BoxId, 1));
    this.docs = new DocumentStore(this.state, actor, undefined, limits);
  }

  async write(base: StateHeads, edits: Edits) {
    const stage = this.state.begin();
    const written = new StateWriter(this.docs.on(stage), ROOM).write(base, edits);
    await this.state.commit(stage);
    return written;
  }

  async take(changes: readonly ChangeRecord[]): Promise<void> {
    const stage = this.state.begin();
    const docs = this.docs.on(stage);
    for (const { doc, change } of changes) docs.apply(doc, Buffer.from(change, "base64"));
    await this.state.commit(stage);
  }

  entries(at: StateHeads): Map<string, EventId> {
    return new Map(documentState(this.docs, ROOM, at).entries());
  }
}

type Edits = (readonly [StateKey, EventId | undefined])[];
/** A state as it was written, and what it must hold for ever. */
interface Moment {
  readonly at: StateHeads;
  readonly holds: ReadonlyMap<string, EventId>;
}

const step = fc.record({
  by: fc.nat(1),
  /** Which moments come together; small numbers are the newest ones. */
  parents: fc.array(fc.oneof(fc.nat(2), fc.nat(30)), { minLength: 1, maxLength: 3 }),
  keys: fc.array(fc.nat(KEYS.length - 1), { minLength: 1, maxLength: 4 }),
  removes: fc.boolean(),
});
const limitsArbitrary = fc.record({
  lengthMax: fc.constantFrom(0, 2, 5, 20),
  flatEntriesMax: fc.constantFrom(0, 2, 6),
  bucketEntriesMax: fc.constantFrom(0, 1, 3),
  bucketsBegunMax: fc.constantFrom(1, 3),
});

const sorted = (map: ReadonlyMap<string, EventId>) =>
  [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));

test(`every state that was ever written reads the same for ever, on every box (SEED=${SEED})`, async () => {
  const met = { buckets: 0, generations: 0, mergedGenerations: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 30 }),
      limitsArbitrary,
      async (steps, limits) => {
        const boxes = [new Papers("a", limits), new Papers("b", limits)] as const;
        const moments: Moment[] = [{ at: { heads: [] }, holds: new Map() }];
        for (const [i, { by, parents, keys, removes }] of steps.entries()) {
          const [writer, reader] = by === 0 ? boxes : ([boxes[1], boxes[0]] as const);
          const bases = parents.map((n) => moments.at(-1 - (n % moments.length)) as Moment);
          if (new Set(bases.map(({ at }) => at.generation)).size > 1) met.mergedGenerations++;
          const states = bases.map(({ at }) => at);
          const base = states.length > 1 ? mergedState(writer.docs, ROOM, states) : states[0];
          if (!base) continue;
          const holds = new Map(writer.entries(base));
          const edits: Edits = [...new Set(keys)].map((n, at) => {
            const key = KEYS[n] as StateKey;
            const gone = removes && at === 0 && holds.has(key);
            const event = gone ? undefined : (`$${i}-${n}` as EventId);
            if (event === undefined) holds.delete(key);
            else holds.set(key, event);
            return [key, event];
          });
          const { changes, state } = await writer.write(base, edits);
          await reader.take(changes);
          if (state.generation !== undefined) met.generations++;
          if (leavesOf(reader.docs, ROOM, mainLeaf(ROOM, state)).size > 1) met.buckets++;
          moments.push({ at: state, holds });
        }
        for (const { docs } of boxes) {
          for (const [i, { at, holds }] of moments.entries()) {
            expect(isStateHere(docs, ROOM, at)).toBe(true);
            const view = documentState(docs, ROOM, at);
            expect(sorted(new Map(view.entries()))).toEqual(sorted(holds));
            for (const key of KEYS) expect(view.get(...splitStateKey(key))).toBe(holds.get(key));
            const other = moments[(i * 7) % moments.length] as Moment;
            const found = differingKeys(docs, ROOM, at, other.at);
            for (const key of KEYS) {
              if (holds.get(key) !== other.holds.get(key)) expect(found).toContain(key);
            }
            expect(isStateHere(docs, ROOM, at, other.at)).toBe(true);
          }
          docs.close();
        }
      },
    ),
    { seed: SEED, numRuns: RUNS, endOnFailure: process.env["SHRINK"] === undefined },
  );
  // The limits are small enough that all of it is met.
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(RUNS);
}, 300_000);
