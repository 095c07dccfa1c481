import type { JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { takeOwnKeys } from "../../core/key/claim-keys.ts";
import { endSessions } from "../../core/device/remove-devices.ts";
import type { Command, EffectLane } from "../../core/ports.ts";
import { ban } from "../../core/rooms/commands/change-membership.ts";
import { redact } from "../../core/rooms/commands/redact-event.ts";
import { send } from "../../core/rooms/commands/send-message.ts";
import { redactTwin } from "../../core/rooms/twin-lane.ts";
import type { Services } from "../../core/services.ts";
import type { Draft } from "../../core/transaction/draft.ts";
import type { SimOptions } from "./options.ts";
import { JOURNAL_LIMITS } from "../../mesh/replica/truncator.ts";
import { drawOptions } from "./options.ts";
import type { Canary } from "./simulate.ts";
import type { World } from "./world.ts";

/** A build with one deliberate fault, and the rule by which it must be caught. */
export interface NamedCanary extends Canary {
  readonly name: string;
  readonly rule: string;
}

const BUSY: Partial<SimOptions> = {
  boxes: 3,
  faults: { crash: 1, isolate: 1 },
  weather: { ...drawOptions("canary").weather, delayMs: 1, jitterMs: 5, gossipLoss: 0.1 },
  faultEveryMs: 2500,
  safetyMs: 16_000,
  requestEveryMs: 300,
  responsesLost: 0.15,
  hops: 0.5,
};

/** Replaces one command by another one, on every box. */
function replacing<I, R>(
  wrong: Command<I, R>,
  by: (
    draft: Draft,
    input: I,
    ...rest: Parameters<Command<I, R>> extends [unknown, unknown, infer E] ? [E] : never
  ) => R,
): (services: Services) => Services {
  return (services) => ({
    ...services,
    runner: {
      run: (command, input) =>
        services.runner.run(
          (command as unknown) === wrong ? (by as unknown as typeof command) : command,
          input,
        ),
    },
  });
}

/** Changes each timeline or section of a sync response once in a while. */
function sometimes(change: (response: JsonObject) => JsonObject): (r: JsonObject) => JsonObject {
  let count = 0;
  return (response) => (++count % 7 === 0 ? change(response) : response);
}

/** Leaves out every third word of changed state. */
function losingState(): (response: JsonObject) => JsonObject {
  let count = 0;
  const lose = (part: JsonObject): JsonObject => {
    const after = part["state_after"];
    const isTold = isObject(after) && Array.isArray(after["events"]) && after["events"].length > 0;
    return isTold && ++count % 3 === 0 ? { ...part, state_after: { events: [] } } : part;
  };
  return (response) => mapRooms(response, lose);
}

function mapRooms(response: JsonObject, change: (part: JsonObject) => JsonObject): JsonObject {
  const rooms = response["rooms"];
  if (!isObject(rooms)) return response;
  const join = isObject(rooms["join"]) ? rooms["join"] : {};
  const changed = Object.entries(join).map(([room, part]) => [room, change(part as JsonObject)]);
  return { ...response, rooms: { ...rooms, join: Object.fromEntries(changed) as JsonObject } };
}

const timelineOf = (part: JsonObject): JsonObject[] =>
  (part["timeline"] as unknown as { events: JsonObject[] }).events;

function withTimeline(part: JsonObject, events: JsonObject[]): JsonObject {
  return { ...part, timeline: { ...(part["timeline"] as JsonObject), events } };
}

function mapDirect(
  response: JsonObject,
  change: (events: JsonObject[]) => JsonObject[],
): JsonObject {
  const section = response["to_device"] as unknown as { events: JsonObject[] } | undefined;
  return section ? { ...response, to_device: { events: change(section.events) } } : response;
}

function without(response: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = response;
  return rest;
}

/** The rows of a disk that begin with a prefix. */
function rowsOf(world: World, index: number, prefix: string): [key: string, text: string][] {
  const entries = world.boxes[index]?.disk.current.entries ?? new Map<string, string>();
  return [...entries]
    .filter(([key]) => key.startsWith(prefix))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function putRow(world: World, index: number, key: string, value: string): void {
  world.boxes[index]?.disk.current.write([{ type: "put", key, value }]);
}

function dropRow(world: World, index: number, key: string): void {
  world.boxes[index]?.disk.current.write([{ type: "del", key }]);
}

const RESPONSES: readonly NamedCanary[] = [
  {
    name: "a sync that repeats an event",
    rule: "sync",
    tamper: (response) =>
      mapRooms(response, (part) => withTimeline(part, [...timelineOf(part), ...timelineOf(part)])),
  },
  {
    name: "a sync that skips an event",
    rule: "sync",
    tamper: sometimes((response) =>
      mapRooms(response, (part) => withTimeline(part, timelineOf(part).slice(1))),
    ),
  },
  {
    name: "a sync that does not tell of changed state",
    rule: "state",
    tamper: losingState(),
  },
  {
    name: "a sync that forgets receipts and account data",
    rule: "values",
    tamper: (response) =>
      without(
        mapRooms(response, (part) => ({ ...part, ephemeral: { events: [] } })),
        "account_data",
      ),
  },
  {
    name: "a sync that repeats to-device messages",
    rule: "to-device",
    tamper: (response) => mapDirect(response, (events) => [...events, ...events]),
  },
  {
    name: "a sync that loses to-device messages",
    rule: "to-device",
    tamper: sometimes((response) => mapDirect(response, () => [])),
  },
  {
    name: "a sync that turns the order of to-device messages around",
    rule: "to-device",
    options: { ...BUSY, faults: {}, requestEveryMs: 60, responsesLost: 0 },
    tamper: (response) => mapDirect(response, (events) => events.toReversed()),
  },
  {
    name: "a sync without changed device lists",
    rule: "device-lists",
    tamper: (response) => without(response, "device_lists"),
  },
  {
    name: "tokens that grow",
    rule: "token",
    options: { ...BUSY, boxes: 5 },
    tamper: (response) => {
      const token = String(response["next_batch"]);
      const vector = token.slice("s1_".length).split(".")[0];
      return { ...response, next_batch: `${token}.f${vector}` };
    },
  },
];

const COMMANDS: readonly NamedCanary[] = [
  {
    name: "a one-time key that stays after it was given",
    rule: "keys",
    sabotage: replacing(takeOwnKeys, (draft, input, env) => {
      const forgetful = { get: draft.get.bind(draft), takeOneTimeKey: () => undefined };
      return takeOwnKeys(forgetful as unknown as Draft, input, env);
    }),
  },
  {
    name: "names without a majority",
    rule: "names",
    options: { ...BUSY, requestEveryMs: 100 },
    sabotage: (services) => ({
      ...services,
      claims: {
        claim: () => Promise.resolve("granted" as const),
        release: (...args) => services.claims.release(...args),
      },
    }),
  },
  {
    name: "a log-out that ends nothing",
    rule: "tokens",
    sabotage: replacing(endSessions, () => undefined),
  },
  {
    name: "a box that takes good tokens for bad ones",
    rule: "tokens",
    sabotage: (services) =>
      services.boxes.self.startsWith("b") ? { ...services, tokenKeys: [] } : services,
  },
  {
    name: "a ban that is acknowledged and not made",
    rule: "bans",
    sabotage: replacing(ban, () => "$nothing" as ReturnType<typeof ban>),
  },
  {
    name: "a redaction that is acknowledged and not made",
    rule: "bans",
    sabotage: replacing(redact, () => "$nothing" as ReturnType<typeof redact>),
  },
  {
    name: "a message that is acknowledged and not made",
    rule: "messages",
    sabotage: replacing(send, () => "$nothing" as ReturnType<typeof send>),
  },
  {
    name: "a retry that makes a second event",
    rule: "messages",
    sabotage: replacing(send, (draft, input, env) =>
      send(draft, { ...input, txnId: `${input.txnId} at ${env.time}` }, env),
    ),
  },
  {
    name: "an endpoint that breaks",
    rule: "errors",
    sabotage: replacing(send, () => {
      throw new TypeError("undefined is not a function");
    }),
  },
];

const DISKS: readonly NamedCanary[] = [
  {
    name: "a disk that forgets what it acknowledged",
    rule: "durability",
    options: { ...BUSY, boxes: 1 },
    spoil: (world) => {
      world.clock.after(15_000, () => {
        const [box] = world.boxes;
        box?.kill({ reset: true });
        box?.disk.current.crash({ loseBatches: 30 });
        void box?.start();
      });
    },
  },
  {
    name: "a journal with a gap",
    rule: "journal",
    forge: (world) => dropRow(world, 1, rowsOf(world, 1, "j/")[2]?.[0] ?? ""),
  },
  {
    name: "a journal that was forked",
    rule: "journal",
    forge: (world) => {
      const [key, text] = rowsOf(world, 1, "j/")[2] ?? ["", ""];
      putRow(world, 1, key, text.replace('"records":[', '"records":[{"kind":"none"},'));
    },
  },
  {
    name: "a transaction that is stamped before its causes",
    rule: "causes",
    forge: (world) => {
      world.boxes.forEach((_, i) => {
        const [key, text] = rowsOf(world, i, "j/").at(-1) ?? ["", ""];
        putRow(world, i, key, text.replace(/"time":\d+/, '"time":1'));
      });
    },
  },
  {
    name: "a derived row that one box lacks",
    rule: "equality",
    forge: (world) => dropRow(world, 1, rowsOf(world, 1, "t/rs\0")[0]?.[0] ?? ""),
  },
  {
    name: "a document that lacks a change on one box",
    rule: "equality",
    forge: (world) => {
      dropRow(world, 1, rowsOf(world, 1, "d/mesh\0c").at(-1)?.[0] ?? "");
      world.boxes[1]?.node?.documents.close();
    },
  },
  {
    name: "entries dropped that a box lacks, which cannot copy a store",
    rule: "convergence",
    options: {
      ...BUSY,
      faults: {},
      safetyMs: 40_000,
      journal: { ...JOURNAL_LIMITS, keepEntries: 5, heldEntries: 5 },
    },
    spoil: ({ network, boxes }) => {
      const [late, ...others] = boxes;
      for (const other of others) {
        if (late) network.block(late.id, other.id);
        if (late) network.block(other.id, late.id);
      }
      for (const { disk } of boxes) disk.isCramped = true;
    },
  },
  {
    name: "boxes that never meet again",
    rule: "convergence",
    options: { ...BUSY, boxes: 2, faults: {} },
    spoil: ({ network, boxes: [a, b] }) => {
      if (a && b) network.block(a.id, b.id);
      network.heal = () => undefined;
    },
  },
];

/** Every so-manieth effect is done in another way. */
function everySoOften(
  wrong: (lane: EffectLane, ...rest: Parameters<EffectLane["perform"]>) => Promise<"done">,
): (lane: EffectLane) => EffectLane {
  let count = 0;
  return (lane) => ({
    ...lane,
    perform: (...args) => (++count % 7 === 0 ? wrong(lane, ...args) : lane.perform(...args)),
  });
}

const EFFECTS: readonly NamedCanary[] = [
  {
    name: "an effect that is called done and was not",
    rule: "effects",
    effects: everySoOften(() => Promise.resolve("done")),
  },
  {
    name: "an effect that is done twice though nothing failed",
    rule: "effects",
    options: { ...BUSY, faults: {} },
    effects: everySoOften(async (lane, ...args) => {
      await lane.perform(...args);
      await lane.perform(...args);
      return "done";
    }),
  },
  {
    name: "a twin that clients keep",
    rule: "effects",
    options: { ...BUSY, faults: { isolate: 1 }, requestEveryMs: 100, responsesLost: 0.5, hops: 1 },
    sabotage: replacing(redactTwin, () => undefined),
  },
  {
    name: "an effect that nobody takes in hand",
    rule: "effects",
    effects: (lane) => ({ ...lane, targetsOf: () => Promise.resolve(["phone"]) }),
  },
  {
    name: "an effect that never comes to an end",
    rule: "effects",
    effects: (lane) => ({ ...lane, perform: () => Promise.resolve("failed") }),
  },
];

export const CANARIES: readonly NamedCanary[] = [
  ...RESPONSES,
  ...COMMANDS,
  ...DISKS,
  ...EFFECTS,
].map((canary) => ({ options: BUSY, ...canary }));
