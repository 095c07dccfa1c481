import fc from "fast-check";
import { expect, test } from "vitest";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { parsePageToken } from "../../../core/timeline/page-token.ts";
import { includes } from "../../../core/vector.ts";
import { roomState } from "../../../core/tables.ts";
import { converge } from "../../support/converge.ts";
import { oneBox, someBoxes } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";
import type { SeenEvent, Synced } from "../../support/sync-client.ts";

type Mesh = Awaited<ReturnType<typeof someBoxes>>;

const BOXES = 3;
const RUNS = Number(process.env["RUNS"] ?? 12);

type Step =
  | { readonly do: "send" | "topic" | "sync" | "page" | "cut" | "restart"; readonly box: number }
  | { readonly do: "post"; readonly box: number; readonly count: number }
  | { readonly do: "heal" };

const box = fc.nat(BOXES - 1);
const act = <D extends string>(name: D) => fc.record({ do: fc.constant(name), box });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: act("send") },
  { weight: 4, arbitrary: act("topic") },
  { weight: 8, arbitrary: act("sync") },
  { weight: 4, arbitrary: act("page") },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("post" as const), box, count: fc.constantFrom(1, 70) }),
  },
  { weight: 3, arbitrary: act("cut") },
  { weight: 1, arbitrary: act("restart") },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("heal" as const) }) },
);

/** Everything that one client was told, as it would keep it. */
class Diary {
  readonly events: EventId[] = [];
  readonly state = new Map<string, EventId>();
  readonly posts: number[] = [];

  note(synced: Synced, room: RoomId): void {
    const part = synced.join[room];
    for (const event of part?.timeline.events ?? []) this.events.push(event.event_id);
    for (const event of part?.state_after?.events ?? []) this.#hold(event);
    for (const { content } of synced.toDevice) this.posts.push(Number(content["n"]));
  }

  #hold(event: SeenEvent): void {
    this.state.set(`${event.type} ${event.state_key}`, event.event_id);
  }
}

async function currentState(services: Services, room: RoomId): Promise<Map<string, EventId>> {
  using snapshot = services.reader.snapshot();
  const rows = await snapshot.range(roomState, { prefix: [room], limit: 1000 });
  return new Map(rows.map(([[, type, key], event]) => [`${type} ${key}`, event]));
}

/** All events of the room, newest first, through pages of a few. */
async function pageThrough(
  client: SyncClient,
  boxes: readonly TestBox[],
  room: RoomId,
): Promise<EventId[]> {
  const found: EventId[] = [];
  let from: string | undefined;
  for (let i = 0; i === 0 || from !== undefined; i++) {
    const services = boxes[i % boxes.length]?.services;
    if (!services) break;
    const page = await client.messages(services, room, { limit: 7, ...(from ? { from } : {}) });
    found.push(...page.events.map((event) => event.event_id));
    from = page.end;
  }
  return found;
}

/** One story: a writer and a reader move over the boxes while links are cut and mended. */
class Play {
  readonly #mesh: Mesh;
  readonly #room: RoomId;
  readonly #filter: string;
  readonly #writer: SyncClient;
  readonly #reader: SyncClient;
  readonly #gaps: { from: string; readonly to: string | undefined }[] = [];
  readonly diary = new Diary();
  posted = 0;

  constructor(mesh: Mesh, room: RoomId, limit: number, people: readonly [SyncClient, SyncClient]) {
    this.#mesh = mesh;
    this.#room = room;
    this.#filter = JSON.stringify({ room: { timeline: { limit } } });
    [this.#writer, this.#reader] = people;
  }

  #at(index: number): Services {
    const { boxes } = this.#mesh;
    return boxes[index % boxes.length]!.services;
  }

  async take(action: Step, name: string): Promise<void> {
    const { network, boxes } = this.#mesh;
    switch (action.do) {
      case "heal":
        return network.heal();
      case "cut": {
        const self = boxes[action.box]!.transport.self;
        for (const { transport } of boxes) {
          if (transport.self !== self) network.cut(self, transport.self);
        }
        return;
      }
      case "restart": {
        const { disk, transport } = boxes[action.box]!;
        await boxes[action.box]!.stop();
        boxes[action.box] = await oneBox({ box: transport.self, disk, network });
        return;
      }
      case "send":
        await this.#writer.send(this.#at(action.box), this.#room, name);
        return;
      case "topic":
        await this.#writer.setState(this.#at(action.box), this.#room, "m.room.topic", "", {
          topic: name,
        });
        return;
      case "post":
        for (let i = 0; i < action.count; i++) await this.#post(this.#at(action.box));
        return;
      case "page":
        return this.#page(this.#at(action.box));
      case "sync":
        await this.look(action.box);
    }
  }

  /** Was there anything? */
  async look(index: number): Promise<boolean> {
    const to = this.#reader.since;
    const synced = await this.#reader.sync(this.#at(index), {
      filter: this.#filter,
      stateAfter: "state_after",
    });
    this.diary.note(synced, this.#room);
    const part = synced.join[this.#room];
    const from = part?.timeline.limited ? part.timeline.prev_batch : undefined;
    if (from !== undefined) this.#gaps.push({ from, to });
    return part !== undefined || synced.toDevice.length > 0;
  }

  /** Reads a page of a gap, on a box that has all that its token covers: others cannot know the gap. */
  async #page(services: Services): Promise<void> {
    const [gap] = this.#gaps;
    if (!gap) return;
    using snapshot = services.reader.snapshot();
    if (!includes(snapshot.vector, parsePageToken(gap.from).vector)) return;
    const { from, to } = gap;
    const options = { from, limit: 3, ...(to === undefined ? {} : { to }) };
    const page = await this.#reader.messages(services, this.#room, options);
    for (const event of page.events) this.diary.events.push(event.event_id);
    if (page.end === undefined) this.#gaps.shift();
    else gap.from = page.end;
  }

  async #post(services: Services): Promise<void> {
    const n = this.posted++;
    const { user, device } = this.#reader.requester;
    await services.runner.run((draft) => {
      const sender = this.#writer.user;
      draft.sendToDevice(user, device, { sender, type: "m.test", content: { n } });
    }, undefined);
  }

  async finish(): Promise<void> {
    this.#mesh.network.heal();
    await converge(this.#mesh.boxes);
    for (let i = 0, quiet = 0; quiet < BOXES; i++) quiet = (await this.look(i)) ? 0 : quiet + 1;
    for (let i = 0; this.#gaps.length > 0; i++) await this.#page(this.#at(i));
  }
}

async function play(steps: readonly Step[], limit: number): Promise<void> {
  const mesh = await someBoxes(BOXES);
  const { boxes } = mesh;
  const first = boxes[0]!.services;
  try {
    const writer = new SyncClient("writer");
    const reader = new SyncClient("reader");
    const room = await writer.createRoom(first);
    await reader.member(first, room, "join");
    await converge(boxes);
    const story = new Play(mesh, room, limit, [writer, reader]);
    await story.look(0);
    for (const [i, action] of steps.entries()) await story.take(action, `step ${i}`);
    await story.finish();

    const { diary, posted } = story;
    const all = await pageThrough(writer, boxes, room);
    expect(new Set(all).size).toBe(all.length);
    expect(diary.events.toSorted()).toEqual(all.toSorted());
    const numbers = Array.from({ length: posted }, (_, n) => n);
    expect(diary.posts.toSorted((a, b) => a - b)).toEqual(numbers);
    for (const { services } of boxes) {
      expect(diary.state).toEqual(await currentState(services, room));
    }
  } finally {
    for (const one of boxes) await one.stop();
  }
}

test(
  "a client that hops between boxes is told of each event, message and state exactly once",
  { timeout: 900_000 },
  async () => {
    const story = fc.array(step, { minLength: 10, maxLength: 60 });
    await fc.assert(fc.asyncProperty(story, fc.constantFrom(2, 200), play), {
      numRuns: RUNS,
      ...(process.env["SEED"]
        ? {
            seed: Number(process.env["SEED"]),
            ...(process.env["FCPATH"] ? { path: process.env["FCPATH"] } : {}),
          }
        : {}),
    });
  },
);
