import type { EventId, RoomId } from "../../core/ids.ts";
import { stateKeyOf } from "../../core/event/state-key.ts";
import type { Snapshot } from "../../core/ports.ts";
import { roomVersion } from "../../core/room-version/table.ts";
import { events, roomState, timeline } from "../../core/tables.ts";
import type { Transaction } from "../../core/transaction/records.ts";
import { WholeDag } from "../support/whole-dag.ts";
import type { Journal } from "./journal-checks.ts";
import type { Model } from "./model.ts";
import type { World } from "./world.ts";

const ROWS_MAX = 100_000;

/**
 * I14: each room is what its events make it by nothing but the rules of rooms: the same ones are
 * accepted, nothing else is shown, and the state is what resolving gives from scratch.
 */
export async function checkRooms(world: World, model: Model, journal: Journal): Promise<void> {
  const services = world.boxes[0]?.services;
  // What rests on an event that nobody has any more cannot be worked out again.
  if (!services || world.destroyed.size > 0) return;
  using snapshot = services.reader.snapshot();
  const inOrder = [...journal.values()]
    .flatMap((all) => all.filter(Boolean))
    .toSorted((a, b) => a.time - b.time || (a.origin < b.origin ? -1 : 1));
  for (const room of model.rooms) {
    const version = roomVersion(world.options.roomVersion);
    const dag = new WholeDag(
      version,
      inOrder.map((transaction) => ofRoom(transaction, room)),
    );
    checkVerdicts(world, snapshot, dag);
    await checkShown(world, snapshot, dag, room);
    await checkState(world, snapshot, dag, room);
  }
}

function ofRoom(transaction: Transaction, room: RoomId): Pick<Transaction, "records"> {
  const { records } = transaction;
  return { records: records.filter((record) => record.kind === "event" && record.room === room) };
}

function checkVerdicts(world: World, snapshot: Snapshot, dag: WholeDag): void {
  for (const id of dag.pdus.keys()) {
    const stored = snapshot.get(events, [id]);
    if (!stored) world.violate("rooms", `${id} was sent and is not there`);
    else if ((stored.rejected !== undefined) !== dag.rejected.has(id)) {
      const refusal = dag.refusal(id) ?? "it is good";
      world.violate(
        "rooms",
        `${id} counts as ${stored.rejected ?? "good"}; by the rules ${refusal}`,
      );
    }
  }
}

async function checkShown(
  world: World,
  snapshot: Snapshot,
  dag: WholeDag,
  room: RoomId,
): Promise<void> {
  for (const [[, , , id]] of await snapshot.range(timeline, { prefix: [room], limit: ROWS_MAX })) {
    if (dag.pdus.has(id) && !dag.rejected.has(id)) continue;
    world.violate("rooms", `${id} is shown, and by the rules it must not be`);
  }
}

async function checkState(
  world: World,
  snapshot: Snapshot,
  dag: WholeDag,
  room: RoomId,
): Promise<void> {
  const rows = await snapshot.range(roomState, { prefix: [room], limit: ROWS_MAX });
  const state = new Map<string, EventId>(
    rows.map(([[, type, stateKey], id]) => [stateKeyOf(type, stateKey), id]),
  );
  const right = dag.state;
  for (const key of new Set([...right.keys(), ...state.keys()])) {
    const [is, should] = [state.get(key), right.get(key)];
    if (is === should) continue;
    world.violate("rooms", `${key} of ${room} is ${is}, and by the rules ${should}`);
  }
}
