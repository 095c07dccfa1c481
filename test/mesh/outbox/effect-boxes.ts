import { openSession } from "../../../core/account/start-session.ts";
import { manageDelayed } from "../../../core/delayed/manage.ts";
import { scheduleEvent } from "../../../core/delayed/schedule.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../../../core/ids.ts";
import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { sendMessage } from "../../../core/rooms/commands/send-message.ts";
import { delayIdOf } from "../../../core/rooms/transaction-id.ts";
import { effects, events } from "../../../core/tables.ts";
import type { StoredEvent } from "../../../core/tables.ts";
import { parseEntry } from "../../../mesh/journal/entry.ts";
import { askForEffects, TARGETS } from "../../simulation/effect-sink.ts";
import { FAIR } from "../../simulation/options.ts";
import type { SimBox } from "../../simulation/sim-box.ts";
import { SERVER } from "../../simulation/sim-box.ts";
import { World } from "../../simulation/world.ts";
import { syncOnce } from "../../support/sync-once.ts";

const ALICE = `@alice:${SERVER}` as UserId;
const DEVICE = "PHONE" as DeviceId;

export interface ToldEvent {
  readonly event_id: EventId;
  readonly type: string;
  readonly content: { readonly redacts?: string };
}

interface JoinedRoom {
  readonly timeline: { readonly events: ToldEvent[] };
}

/** Boxes on a simulated clock with a room, in which every message calls for an effect. */
export class EffectBoxes {
  readonly world: World;
  #room: RoomId | undefined;
  #messages = 0;

  private constructor(world: World) {
    this.world = world;
  }

  static async open(count = 3): Promise<EffectBoxes> {
    const world = new World("effects", {
      boxes: count,
      faults: {},
      weather: FAIR,
      ack: "reachable",
      clockOffsetsMs: [],
      effectsFail: 0,
    });
    const boxes = new EffectBoxes(world);
    await world.open();
    await boxes.pass(1000);
    const services = boxes.at(0).services;
    if (!services) throw new Error("the first box does not serve");
    await world.finish(askForEffects(services));
    await world.finish(
      services.runner.run((draft, _input, env) => {
        draft.setField(`user:${ALICE}`, "account", "created", { time: env.time });
      }, undefined),
    );
    const { tokenKeys } = services;
    await world.finish(
      services.runner.run(openSession, { user: ALICE, device: DEVICE, tokenKeys }),
    );
    boxes.#room = await world.finish(
      createRoom(services, { user: ALICE, body: { preset: "public_chat" } }),
    );
    await boxes.pass(90_000);
    world.sink.deeds.length = 0;
    return boxes;
  }

  at(index: number): SimBox {
    const box = this.world.boxes[index];
    if (!box) throw new Error(`there is no box ${index}`);
    return box;
  }

  /** Lets simulated time pass. */
  async pass(milliseconds: number): Promise<void> {
    await this.world.clock.run(this.world.clock.nowMs + milliseconds);
  }

  /** Starts a box that was off; resolves when it serves. */
  async start(index: number): Promise<void> {
    await this.world.finish(this.at(index).start());
  }

  /** Sends a message through a box; resolves when it is acknowledged. `again`: under this transaction ID. */
  async say(index: number, again?: string): Promise<EventId> {
    const { services } = this.at(index);
    if (!services || !this.#room) throw new Error("the box does not serve");
    return this.world.finish(
      sendMessage(services, {
        requester: { user: ALICE, device: DEVICE },
        room: this.#room,
        type: "m.room.message",
        txnId: again ?? `m${this.#messages++}`,
        content: { msgtype: "m.text", body: "hello" },
      }),
    );
  }

  /** Schedules a message through a box, or a change of state of this type; resolves with its delay ID. */
  async later(index: number, delayMs: number, state?: string): Promise<string> {
    const { services } = this.at(index);
    if (!services || !this.#room) throw new Error("the box does not serve");
    return this.world.finish(
      scheduleEvent(services, {
        requester: { user: ALICE, device: DEVICE },
        room: this.#room,
        type: state ?? "m.room.message",
        ...(state === undefined ? {} : { stateKey: "" }),
        txnId: `d${this.#messages++}`,
        content: { body: "later" },
        delayMs,
      }),
    );
  }

  restart(index: number, id: string): Promise<void> {
    return this.#manage(index, id, "restart");
  }

  cancel(index: number, id: string): Promise<void> {
    return this.#manage(index, id, "cancel");
  }

  #manage(index: number, id: string, action: "restart" | "cancel"): Promise<void> {
    const { services } = this.at(index);
    if (!services) throw new Error("the box does not serve");
    return this.world.finish(manageDelayed(services, { id, action, user: ALICE }));
  }

  /** What a box has stored of an event. */
  stored(index: number, event: EventId): StoredEvent {
    const { node } = this.at(index);
    const stored = node?.state.get(events, [event]);
    if (!stored) throw new Error("the box does not have the event");
    return stored;
  }

  /** What a client is told by a box that was told before what the token says. */
  async sync(index: number, since?: string): Promise<{ next: string; told: ToldEvent[] }> {
    const { services } = this.at(index);
    if (!services || !this.#room) throw new Error("the box does not serve");
    const requester = { user: ALICE, device: DEVICE, tokenId: "", deviceCreated: 0 };
    const json = await this.world.finish(syncOnce(services, requester, since));
    const joined = (json["rooms"] as { join?: Record<string, JoinedRoom> } | undefined)?.join;
    const told = joined?.[this.#room]?.timeline.events ?? [];
    return { next: String(json["next_batch"]), told };
  }

  /** Which boxes made the events of a type, as letters, by what a box has stored. */
  made(type: string, index: number): string[] {
    const { entries } = this.at(index).disk.current;
    return [...entries].flatMap(([key, text]) => {
      if (!key.startsWith(`t/${events.name}\0`)) return [];
      const { pdu, origin } = JSON.parse(text) as StoredEvent;
      return pdu.type === type ? [origin.charAt(0)] : [];
    });
  }

  /** Which boxes made the visible events of a delayed one, as letters, by what a box has stored. */
  sent(id: string, index = 1): string[] {
    const { entries } = this.at(index).disk.current;
    return [...entries].flatMap(([key, text]) => {
      if (!key.startsWith(`t/${events.name}\0`)) return [];
      const { txn, hidden, origin } = JSON.parse(text) as StoredEvent;
      const isIt = txn !== undefined && delayIdOf(txn.id) === id && hidden === undefined;
      return isIt ? [origin.charAt(0)] : [];
    });
  }

  /** Blocks all paths between a box and the others. */
  isolate(index: number): void {
    const { id } = this.at(index);
    for (const other of this.world.boxes) {
      if (other.id === id) continue;
      this.world.network.block(id, other.id);
      this.world.network.block(other.id, id);
    }
  }

  /** How often each target was told of an event. */
  told(event: EventId): number[] {
    return TARGETS.map((target) => this.world.sink.count(event, target));
  }

  /** Which boxes told a target of an event, as letters. */
  tellers(event: EventId, target = TARGETS[0] ?? ""): string {
    const deeds = this.world.sink.of(event, target);
    return deeds.map(({ box }) => box.charAt(0)).join("");
  }

  /** Effects that wait in the store of a box. */
  waiting(index: number): string[] {
    const { entries } = this.at(index).disk.current;
    return [...entries].flatMap(([key, text]) =>
      key.startsWith(`t/${effects.name}\0`) ? [text] : [],
    );
  }

  /** Journal entries that say what is done. */
  get records(): number {
    const journal = [...this.at(0).disk.journal().values()];
    return journal.filter((text) =>
      parseEntry(text).transaction.records.some(({ kind }) => kind === "settled"),
    ).length;
  }
}
