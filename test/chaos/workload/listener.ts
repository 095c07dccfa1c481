import { pause } from "../../e2e/support/box-process.ts";
import { timelineOf } from "../../e2e/support/client.ts";
import type { JsonBody } from "../../e2e/support/client.ts";
import type { Told } from "../evidence.ts";
import type { Machine } from "../machine.ts";
import type { Hopper } from "./hopper.ts";
import type { Recorder } from "./recorder.ts";

/** All that is new comes at once, unless a device was away for long. */
const FILTER = JSON.stringify({ room: { timeline: { limit: 200 } }, presence: { types: [] } });
const PAGE_EVENTS = 100;
/** How long a box may keep a poll open, and how long the client waits for it, milliseconds. */
const POLL_MS = 1500;
const PATIENCE_MS = 5000;
/** A box that refuses is not asked again at once, milliseconds. */
const REFUSED_PAUSE_MS = 250;

/** One device that reads by `/sync`: always of one box, or of any. */
export class Listener {
  readonly told: Told;
  /** Everything that it was told so far. */
  readonly texts = new Set<string>();
  readonly #hopper: Hopper;
  readonly #rooms: readonly string[];
  readonly #machine: Machine | undefined;
  #since: string | undefined;
  #hasStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    hopper: Hopper,
    recorder: Recorder,
    options: { device: string; rooms: readonly string[]; machine?: Machine },
  ) {
    this.#hopper = hopper;
    this.#rooms = options.rooms;
    this.#machine = options.machine;
    this.told = { device: options.device, events: [], letters: [] };
    recorder.told.push(this.told);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#hasStopped) {
      const machine = this.#machine ?? this.#hopper.choose();
      const isAnswered = machine !== undefined && (await this.#poll(machine));
      if (!isAnswered) await pause(REFUSED_PAUSE_MS);
    }
  }

  async #poll(machine: Machine): Promise<boolean> {
    const query = new URLSearchParams({ timeout: String(POLL_MS), filter: FILTER });
    if (this.#since !== undefined) query.set("since", this.#since);
    const reply = await this.#ask(machine, `/sync?${query}`);
    if (!reply) return false;
    const gaps: JsonBody[] = [];
    for (const room of this.#rooms) {
      const timeline = reply["rooms"]?.["join"]?.[room]?.["timeline"];
      if (String(timeline?.["limited"]) !== "true") continue;
      const missed = await this.#missed(machine, room, String(timeline?.["prev_batch"]));
      // Nothing of this answer was taken yet: the same is asked again.
      if (!missed) return false;
      gaps.push(...missed.map((event) => ({ ...event, room_id: room }) as unknown as JsonBody));
    }
    for (const event of gaps.toReversed()) this.#hear(event, String(event["room_id"]));
    this.#take(reply);
    return true;
  }

  async #ask(machine: Machine, path: string): Promise<JsonBody | undefined> {
    const reply = await this.#hopper.ask(machine, "GET", path, { waitMs: PATIENCE_MS });
    return reply?.status === 200 ? reply.body : undefined;
  }

  /** What came before a timeline that shows only the end of what is new, latest first. */
  async #missed(machine: Machine, room: string, from: string): Promise<JsonBody[] | undefined> {
    const found: JsonBody[] = [];
    const known = new Set(this.told.events.map(({ id }) => id));
    for (let at: string | undefined = from; at !== undefined;) {
      const query = new URLSearchParams({ dir: "b", limit: String(PAGE_EVENTS), from: at });
      const path = `/rooms/${encodeURIComponent(room)}/messages?${query}`;
      const page = await this.#ask(machine, path);
      if (!page) return undefined;
      const events = page["chunk"] as unknown as JsonBody[];
      // What is new may also lie between what is known: a healed split brings old events.
      found.push(...events.filter((event) => !known.has(String(event["event_id"]))));
      at = page["end"] === undefined ? undefined : String(page["end"]);
    }
    return found;
  }

  #take(body: JsonBody): void {
    this.#since = String(body["next_batch"]);
    for (const room of this.#rooms) {
      for (const event of timelineOf(body, room)) this.#hear(event, room);
    }
    const letters = (body["to_device"]?.["events"] ?? []) as unknown as JsonBody[];
    for (const letter of letters) this.told.letters.push(String(letter["content"]?.["number"]));
  }

  #hear(event: JsonBody, room: string): void {
    if (event["type"] !== "m.room.message") return;
    const text = String(event["content"]?.["body"]);
    this.told.events.push({ id: String(event["event_id"]), room, text });
    this.texts.add(text);
  }
}
