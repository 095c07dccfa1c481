import fc from "fast-check";
import { AuthError } from "../../../core/auth/auth-error.ts";
import { stateKeyOf, type StateMap } from "../../../core/event/state-key.ts";
import type { EventId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { resolveState } from "../../../core/state-res/resolve-state.ts";
import { RoomBuilder } from "../../support/room-builder.ts";

export const ALICE = "@alice:a.test";
export const BOB = "@bob:b.test";
export const CAROL = "@carol:c.test";
export const DAVE = "@dave:d.test";

export function resolve(room: RoomBuilder, states: readonly StateMap[]): StateMap {
  return resolveState(room.version, states, (id) => room.events.get(id), room.isRejected);
}

/** The event that holds a key of a state. */
export function at(state: StateMap, type: string, stateKey = ""): EventId | undefined {
  return state.get(stateKeyOf(type, stateKey));
}

/** The state that these events make, as a server may claim it. */
export function stateOf(room: RoomBuilder, ...ids: EventId[]): StateMap {
  return new Map(
    ids.map((id) => {
      const event = room.get(id);
      return [stateKeyOf(event.type, event.state_key ?? ""), id];
    }),
  );
}

/** Levels for a room of any version in which Alice is the creator. */
export function levels(room: RoomBuilder, users: Readonly<Record<string, number>>) {
  const creator = room.version.auth.creatorPower ? {} : { [ALICE]: 100 };
  return { users: { ...creator, ...users } };
}

/** A public room with Alice, Bob (at 50), Carol and Dave. */
export function publicRoom(version: string): RoomBuilder {
  const room = new RoomBuilder({ version, creator: ALICE });
  room.join(ALICE);
  room.powerLevels(ALICE, levels(room, { [BOB]: 50 }));
  room.joinRule(ALICE, "public");
  for (const user of [BOB, CAROL, DAVE]) room.join(user);
  return room;
}

const USERS = [ALICE, BOB, CAROL, DAVE];

/** One attempt of somebody to do something; numbers are reduced to what there is to choose from. */
interface Step {
  readonly actor: number;
  readonly target: number;
  readonly action: number;
  readonly level: number;
  readonly follows: readonly number[];
  readonly ts: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  actor: fc.nat(USERS.length - 1),
  target: fc.nat(USERS.length - 1),
  action: fc.nat(8),
  level: fc.constantFrom(0, 25, 50, 75, 100),
  follows: fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }),
  ts: fc.nat(20),
});

/** Rooms with forks, in which users of different powers do what the rules allow them at the time. */
export function randomRoom(version: string, stepsMax = 40): fc.Arbitrary<RoomBuilder> {
  return fc.array(step, { minLength: 15, maxLength: stepsMax, size: "max" }).map((steps) => {
    const room = publicRoom(version);
    const users = { [BOB]: 75, [CAROL]: 50 };
    room.powerLevels(ALICE, { ...levels(room, users), events: { "m.room.power_levels": 50 } });
    for (const next of steps) attempt(room, next);
    return room;
  });
}

function attempt(room: RoomBuilder, step: Step): void {
  const actor = USERS[step.actor] as string;
  const target = USERS[step.target] as string;
  const newest = [...room.events.keys()].reverse();
  const prev = [...new Set(step.follows.map((back) => newest[back] as EventId))];
  const more = { prev, ts: 1_800_000_000_000 + step.ts };
  const actions: (() => unknown)[] = [
    () => room.topic(actor, `topic ${step.level}`, more),
    () => room.powerLevels(actor, changedLevels(room, prev, target, step.level), more),
    () => room.member(actor, target, "leave", more),
    () => room.member(actor, target, "ban", more),
    () => room.member(actor, target, "invite", more),
    () => room.join(actor, more),
    () => room.joinRule(actor, step.level < 50 ? "public" : "invite", more),
    () => room.message(actor, "hello", more),
    () => room.send({ ...more, sender: actor, type: "m.room.name", stateKey: "" }),
  ];
  try {
    actions[step.action]?.();
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
  }
}

function changedLevels(
  room: RoomBuilder,
  prev: readonly EventId[],
  target: string,
  level: number,
): JsonObject {
  const id = at(room.stateAt(prev), "m.room.power_levels");
  const before = id === undefined ? {} : room.get(id).content;
  return { ...before, users: { ...(before["users"] as JsonObject), [target]: level } };
}
