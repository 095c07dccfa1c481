import { expect, test } from "vitest";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { Services } from "../../../core/services.ts";
import { readEventAtTime } from "../../../core/timeline/event-at-time.ts";
import { readRelations } from "../../../core/timeline/relations.ts";
import type { RelationsRequest } from "../../../core/timeline/relations.ts";
import { readThreads } from "../../../core/timeline/threads.ts";
import { oneBox, someBoxes, untilMeshed } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

const relate = (type: string, event: EventId): JsonObject => ({
  "m.relates_to": { rel_type: type, event_id: event },
});

interface Page {
  readonly bodies: readonly unknown[];
  readonly next: string | undefined;
}

const pageOf = (json: JsonObject): Page => ({
  bodies: (json["chunk"] as { content: JsonObject }[]).map(({ content }) => content["body"]),
  next: json["next_batch"] as string | undefined,
});

async function related(
  box: Services,
  client: SyncClient,
  event: readonly [room: RoomId, event: EventId],
  more: Partial<RelationsRequest> = {},
): Promise<Page> {
  const json = await readRelations(box, {
    requester: client.requester,
    room: event[0],
    event: event[1],
    relType: undefined,
    eventType: undefined,
    from: undefined,
    to: undefined,
    direction: "backwards",
    limit: 50,
    recurse: false,
    ...more,
  });
  return pageOf(json);
}

async function threads(
  box: Services,
  { requester }: SyncClient,
  room: RoomId,
  more: { readonly from?: string | undefined; readonly limit?: number } = {},
): Promise<Page> {
  const asked = { requester, room, onlyParticipated: false, from: undefined, limit: 50, ...more };
  return pageOf(await readThreads(box, asked));
}

async function withBox(
  run: (box: Services, alice: SyncClient, room: RoomId) => Promise<void>,
): Promise<void> {
  const { services, stop } = await oneBox();
  try {
    const alice = new SyncClient("alice");
    await run(services, alice, await alice.createRoom(services));
  } finally {
    await stop();
  }
}

test("boxes that were apart tell relations and threads in one order, from each other's tokens", async () => {
  const { boxes, network } = await someBoxes(2);
  const [a, b] = boxes.map(({ services }) => services) as [Services, Services];
  try {
    const [alice, bob] = [new SyncClient("alice"), new SyncClient("bob")];
    const room = await alice.createRoom(a);
    await bob.member(a, room, "join");
    const x = await alice.send(a, room, "x");
    const y = await alice.send(a, room, "y");
    await untilMeshed(boxes);
    network.cut(a.boxes.self, b.boxes.self);
    for (let i = 0; i < 4; i++) {
      await alice.send(a, room, `a${i}`, relate(i % 2 ? "m.thread" : "m.reference", x));
      await bob.send(b, room, `b${i}`, relate("m.thread", i % 2 ? x : y));
    }
    network.heal();
    await untilMeshed(boxes);
    const whole = await related(a, alice, [room, x], { recurse: true });
    expect(whole.bodies.toSorted()).toEqual(["a0", "a1", "a2", "a3", "b1", "b3"]);
    for (const recurse of [false, true]) {
      const paged: unknown[] = [];
      let from: string | undefined;
      for (let i = 0; i === 0 || from !== undefined; i++) {
        const page = await related(i % 2 ? a : b, alice, [room, x], { recurse, from, limit: 2 });
        paged.push(...page.bodies);
        from = page.next;
      }
      expect(paged).toEqual(whole.bodies);
      const forwards = await related(b, bob, [room, x], { recurse, direction: "forwards" });
      expect(forwards.bodies).toEqual(whole.bodies.toReversed());
    }
    expect((await threads(a, alice, room)).bodies).toEqual((await threads(b, bob, room)).bodies);
  } finally {
    await Promise.all(boxes.map((box) => box.stop()));
  }
});

test("a reply that comes while one pages moves no thread from page to page", () =>
  withBox(async (box, alice, room) => {
    const roots: EventId[] = [];
    for (let i = 0; i < 4; i++) {
      const root = await alice.send(box, room, `root${i}`);
      roots.push(root);
      for (let n = 0; n < 3; n++) await alice.send(box, room, "reply", relate("m.thread", root));
    }
    const first = await threads(box, alice, room, { limit: 2 });
    expect(first.bodies).toEqual(["root3", "root2"]);
    await alice.send(box, room, "late", relate("m.thread", roots[0] as EventId));
    const second = await threads(box, alice, room, { limit: 2, from: first.next });
    expect(second).toEqual({ bodies: ["root1", "root0"], next: undefined });
    expect((await threads(box, alice, room)).bodies[0]).toBe("root0");
  }));

test("a thread whose newest reply is redacted stands where the one before it was", () =>
  withBox(async (box, alice, room) => {
    const [x, y] = [await alice.send(box, room, "x"), await alice.send(box, room, "y")];
    await alice.send(box, room, "1", relate("m.thread", x));
    await alice.send(box, room, "2", relate("m.thread", y));
    const newest = await alice.send(box, room, "3", relate("m.thread", x));
    expect((await threads(box, alice, room)).bodies).toEqual(["x", "y"]);
    await alice.redact(box, room, newest);
    expect((await threads(box, alice, room)).bodies).toEqual(["y", "x"]);
  }));

test("what a page's token does not cover is left for the sync to tell", () =>
  withBox(async (box, alice, room) => {
    const root = await alice.send(box, room, "root");
    await alice.send(box, room, "old", relate("m.thread", root));
    await alice.sync(box);
    await alice.send(box, room, "new", relate("m.thread", root));
    const from = alice.since;
    const of = [room, root] as const;
    expect((await related(box, alice, of, { from })).bodies).toEqual(["old"]);
    const direction = "forwards" as const;
    expect((await related(box, alice, of, { from, direction })).bodies).toEqual(["new"]);
    expect((await related(box, alice, of, { to: from })).bodies).toEqual(["new"]);
  }));

test("many kinds of relations are told together, in the order of the timeline", () =>
  withBox(async (box, alice, room) => {
    const root = await alice.send(box, room, "root");
    const said: string[] = [];
    for (let i = 0; i < 12; i++) {
      said.push(`m${i}`);
      await alice.send(box, room, `m${i}`, relate(`org.kind.${(i * 7) % 5}`, root));
    }
    const direction = "forwards" as const;
    expect((await related(box, alice, [room, root], { direction })).bodies).toEqual(said);
    const ofOne = await related(box, alice, [room, root], { direction, relType: "org.kind.0" });
    expect(ofOne.bodies).toEqual(["m0", "m5", "m10"]);
    const none = await related(box, alice, [room, root], { eventType: "m.reaction" });
    expect(none).toEqual({ bodies: [], next: undefined });
  }));

test("the event nearest to a time is found, on either side", async () => {
  const start = 1_767_225_600_000;
  let now = start;
  const { services: box, stop } = await oneBox({ wallClock: () => now });
  try {
    const alice = new SyncClient("alice");
    const room = await alice.createRoom(box);
    const sent: EventId[] = [];
    for (const minute of [10, 20, 30]) {
      now = start + minute * 60_000;
      sent.push(await alice.send(box, room, `at ${minute}`));
    }
    const at = (ts: number, direction: "forwards" | "backwards") =>
      readEventAtTime(box, { requester: alice.requester, room, ts, direction });
    const minute = (count: number): number => start + count * 60_000;
    expect(await at(minute(15), "forwards")).toMatchObject({ event_id: sent[1] });
    expect(await at(minute(15), "backwards")).toMatchObject({ event_id: sent[0] });
    expect(await at(minute(20), "forwards")).toMatchObject({ event_id: sent[1] });
    expect(await at(minute(20), "backwards")).toMatchObject({ event_id: sent[1] });
    expect(await at(1e300, "backwards")).toMatchObject({ event_id: sent[2] });
    await expect(at(minute(31), "forwards")).rejects.toMatchObject({ status: 404 });
    await expect(at(start - 1, "backwards")).rejects.toMatchObject({ status: 404 });
    await expect(at(0, "backwards")).rejects.toMatchObject({ status: 404 });
    expect(await at(0, "forwards")).toHaveProperty("event_id");
  } finally {
    await stop();
  }
});
