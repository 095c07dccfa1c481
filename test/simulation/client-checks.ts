import type { EventId, RoomId, UserId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import type { Snapshot } from "../../core/ports.ts";
import type { Services } from "../../core/services.ts";
import { events, fields, memberships, puts, roomState, timeline } from "../../core/tables.ts";
import type { StoredEvent } from "../../core/tables.ts";
import type { Cast } from "./cast.ts";
import { DirectCauses } from "./direct-causes.ts";
import type { DeviceView } from "./device-view.ts";
import { deviceKeysOf, receiptOf } from "./device-view.ts";
import type { Model } from "./model.ts";
import type { World } from "./world.ts";

const ROWS_MAX = 100_000;
/** Characters of a sync token once every earlier life is closed: 5 boxes take 100. */
const TOKEN_LENGTH_MAX = 200;

/** I1-I4, I6-I11, I15, I16: what clients were told, held against what all boxes agree on. */
export async function checkClients(world: World, model: Model, cast: Cast): Promise<void> {
  const services = world.boxes[0]?.services;
  if (!services) return;
  using snapshot = services.reader.snapshot();
  const causes = new DirectCauses(world);
  for (const room of model.rooms) await checkTimelines(world, model, cast, snapshot, room);
  for (const view of cast.stable) {
    await checkState(world, view, snapshot, model.rooms);
    await checkValues(world, view, snapshot, model.rooms);
    checkDirects(world, model, view, causes);
    for (const id of view.repeated) {
      // Lost with its only copy, and made once more to the letter under a clock that stood still.
      if (world.isDestroyed(id)) continue;
      world.violate("sync", `${view.client.name} was told ${id} again`);
    }
    checkToken(world, view);
    for (const other of cast.stable) checkDeviceList(world, view, other.client.user, services);
  }
  for (const view of model.views) checkOwn(world, view, snapshot, model.rooms);
  checkKeys(world, model, snapshot);
  checkNames(world, model, snapshot);
  for (const { room, user } of model.banned) {
    const isBanned = snapshot.get(memberships, [user, room])?.membership === "ban";
    if (!isBanned && !world.isDestroyed('"membership":"ban"')) {
      world.violate("bans", `the ban of ${user} in ${room} is gone`);
    }
  }
  for (const event of model.redacted) {
    if (snapshot.get(events, [event])?.redactedBy === undefined && !world.isDestroyed(event)) {
      world.violate("bans", `the redaction of ${event} is gone`);
    }
  }
}

async function checkTimelines(
  world: World,
  model: Model,
  cast: Cast,
  snapshot: Snapshot,
  room: RoomId,
): Promise<void> {
  const rows = await snapshot.range(timeline, { prefix: [room], limit: ROWS_MAX });
  const visible = new Map<EventId, StoredEvent>();
  for (const [[, , , id]] of rows) {
    const event = snapshot.get(events, [id]);
    if (event) visible.set(id, event);
  }
  for (const { client, seen } of cast.stable) {
    if (isOutByLoss(world, snapshot, client.user, room)) continue;
    const told = seen.get(room) ?? new Set();
    for (const id of visible.keys()) {
      // A box that has lost that somebody is in a room cannot tell what goes on there.
      if (told.has(id) || world.destroyed.size > 0) continue;
      world.violate("sync", `${client.name} was never told of ${id}`);
    }
    for (const id of told) {
      if (!snapshot.get(events, [id]) && !world.isDestroyed(id)) {
        world.violate("sync", `${client.name} was told of ${id}, which nobody has`);
      }
    }
  }
  checkSendings(world, model, room, visible);
}

/** One visible event for each transaction ID, and no event that nobody sent. */
function checkSendings(
  world: World,
  model: Model,
  room: RoomId,
  visible: ReadonlyMap<EventId, StoredEvent>,
): void {
  const byTxn = new Map<string, EventId[]>();
  for (const { id, pdu, txn } of visible.values()) {
    if (pdu.type !== "m.room.message") continue;
    const name = `${pdu.sender}|${txn?.device} ${txn?.id}`;
    byTxn.set(name, [...(byTxn.get(name) ?? []), id]);
  }
  for (const { client, txnId, acknowledged, room: sentTo } of model.sendings) {
    if (sentTo !== room) continue;
    const name = `${client.name} ${JSON.stringify(["send", room, "m.room.message", txnId])}`;
    const found = byTxn.get(name) ?? [];
    byTxn.delete(name);
    if (found.length > 1) world.violate("messages", `${name} is there as ${found.join()}`);
    if (found.length === 0 && acknowledged !== undefined && !world.isDestroyed(acknowledged)) {
      world.violate("messages", `${name} was acknowledged as ${acknowledged} and is gone`);
    }
  }
  for (const name of byTxn.keys()) world.violate("messages", `nobody sent ${name}`);
}

/**
 * A box that has lost that somebody joined may make the room one for guests by invitation; when both
 * meet, the rules of rooms let that stand and the join not.
 */
function isOutByLoss(world: World, snapshot: Snapshot, user: UserId, room: RoomId): boolean {
  return world.hasForgotten && snapshot.get(memberships, [user, room])?.membership !== "join";
}

/** Was the only copy of a transaction with this in it destroyed? */
async function checkState(
  world: World,
  view: DeviceView,
  snapshot: Snapshot,
  rooms: readonly RoomId[],
): Promise<void> {
  // Who was told of state that nobody has any more holds on to it until it changes.
  if (world.destroyed.size > 0) return;
  for (const room of rooms) {
    if (isOutByLoss(world, snapshot, view.client.user, room)) continue;
    const told = view.state.get(room) ?? new Map<string, EventId>();
    const rows = await snapshot.range(roomState, { prefix: [room], limit: ROWS_MAX });
    for (const [[, type, stateKey], event] of rows) {
      const known = told.get(`${type}\u001f${stateKey}`);
      if (known === event) continue;
      world.violate(
        "state",
        `${view.client.name} takes ${known} for the ${type} ${stateKey}, which is ${event}`,
      );
    }
  }
}

/** I6: each device takes its user for what all boxes take it for, in each room. */
function checkOwn(
  world: World,
  view: DeviceView,
  snapshot: Snapshot,
  rooms: readonly RoomId[],
): void {
  // Who was told of what nobody has any more cannot be told that it never was.
  if (world.destroyed.size > 0) return;
  for (const room of rooms) {
    const right = snapshot.get(memberships, [view.client.user, room])?.membership;
    const told = view.own.get(room) ?? "leave";
    if (told === (right === undefined || right === "ban" ? "leave" : right)) continue;
    world.violate("own", `${view.client.name} takes itself for ${told}, and is ${right}`);
  }
}

function checkDirects(world: World, model: Model, view: DeviceView, causes: DirectCauses): void {
  const to = view.client.name;
  for (const [from, arrived] of view.direct) {
    const numbers = arrived.map(({ n }) => n);
    arrived.forEach(({ n, byLaggard }, i) => {
      if (isDirectDestroyed(world, n)) return;
      // A box cannot know that a copy which has not reached it was given elsewhere.
      const isAgain = numbers.indexOf(n) < i;
      if (isAgain && byLaggard && causes.copiesOf(n) > 1) return;
      if (isAgain) world.violate("to-device", `${to} got ${n} of ${from} again`);
      // The copy that was given may have been another one, which was destroyed.
      const early = numbers
        .slice(0, i)
        .find((other) => !isDirectDestroyed(world, other) && causes.restsOn(other, n));
      if (early === undefined) return;
      world.violate("to-device", `${to} got ${n} of ${from} after ${early}, which rests on it`);
    });
  }
  for (const [key, numbers] of model.directs) {
    const [from = "", receiver] = key.split(" > ");
    if (receiver !== to) continue;
    const got = new Set(view.direct.get(from)?.map(({ n }) => n));
    for (const n of numbers) {
      if (got.has(n) || isDirectDestroyed(world, n)) continue;
      world.violate("to-device", `${to} never got ${n} of ${from}`);
    }
  }
}

function isDirectDestroyed(world: World, n: number): boolean {
  return world.isDestroyed(`"n":${n}}`);
}

/** The values that a client holds are those that the boxes agree on. */
async function checkValues(
  world: World,
  view: DeviceView,
  snapshot: Snapshot,
  rooms: readonly RoomId[],
): Promise<void> {
  if (world.destroyed.size > 0) return;
  const right = new Map<string, string>();
  const data = snapshot.get(fields, [`user:${view.client.user}`, "account_data", "sim.data"]);
  if (data !== undefined) right.set("data sim.data", JSON.stringify(data));
  for (const room of rooms) {
    if (isOutByLoss(world, snapshot, view.client.user, room)) continue;
    const rows = await snapshot.range(puts, { prefix: ["receipt", room], limit: ROWS_MAX });
    for (const [[, , user = ""], { value }] of rows) {
      if (isObject(value)) right.set(receiptOf(room, user), String(value["event_id"]));
    }
  }
  for (const [name, value] of right) {
    const told = view.values.get(name);
    if (told !== value)
      world.violate("values", `${view.client.name} takes ${told} for ${name}, which is ${value}`);
  }
}

/** I9: whoever shares a room is told of new device keys. */
function checkDeviceList(world: World, view: DeviceView, user: UserId, services: Services): void {
  const [told, right] = [view.keys.get(user), deviceKeysOf(services, user)];
  if (world.destroyed.size > 0 || right === "null" || told === right) return;
  world.violate("device-lists", `${view.client.name} was not told of new keys of ${user}`);
}

function checkToken(world: World, { client, since }: DeviceView): void {
  // Boxes may have lost the record that makes another one a member, and then never hear of it.
  if (world.destroyed.size > 0 || world.owner.hasRemoved) return;
  if ((since?.length ?? 0) >= TOKEN_LENGTH_MAX) {
    world.violate("token", `the token of ${client.name} has ${since?.length} characters: ${since}`);
  }
}

function checkKeys(world: World, model: Model, snapshot: Snapshot): void {
  for (const [name, claimers] of model.claimed) {
    // A box whose claim is remembered nowhere any more cannot know of it.
    const [, , keyId = ""] = name.split("|");
    if (claimers.length < 2 || world.isDestroyed(`.${keyId}"}]`)) continue;
    world.violate("keys", `${name} was given to ${claimers.join()}`);
  }
  for (const name of model.fallbacks) {
    const [user = "", device = "", keyId = ""] = name.split("|");
    const field = `${device}\u001fsigned_curve25519`;
    const stored = snapshot.get(fields, [`user:${user as UserId}`, "fallback_keys", field]);
    const storedId = isObject(stored) ? String(stored["keyId"]) : "";
    if (storedId.slice(storedId.indexOf(".") + 1) !== keyId) continue;
    const used = ["fallback_used", user, device, "signed_curve25519", storedId] as const;
    if (snapshot.get(puts, [...used])?.value === undefined && world.destroyed.size === 0) {
      world.violate("keys", `the fallback key ${name} counts as unused`);
    }
  }
}

function checkNames(world: World, model: Model, snapshot: Snapshot): void {
  // An acceptor that forgot what it promised is as good as another one.
  if (world.hasForgotten) return;
  for (const [user, values] of model.granted) {
    if (values.size > 1) world.violate("names", `${user} was granted to ${[...values].join(", ")}`);
    const hash = snapshot.get(fields, [`user:${user}`, "account", "password_hash"]);
    if (hash !== undefined && !values.has(String(hash))) {
      world.violate("names", `${user} belongs to ${String(hash)}, to whom it was not granted`);
    }
  }
}
