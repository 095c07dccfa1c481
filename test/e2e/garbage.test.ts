import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { originOf } from "../../core/vector.ts";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { TestUser, textsOf } from "./support/client.ts";
import { Household } from "./support/household.ts";
import { Rogue } from "./support/rogue.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const MIB = 1024 * 1024;
/** What the boxes may grow by while a member pours garbage over them, bytes. */
const GROWTH_BYTES_MAX = 200 * MIB;
/** What a client may wait for a message to be taken meanwhile, on a machine that is busy, milliseconds. */
const SEND_MS_MAX = 10_000;
const REQUEST_MS_MAX = 5000;
const TICKS_PER_MS = 1024;
const HOUR_MS = 3_600_000;

let mesh: TestMesh;
let people: Household;
let rogue: Rogue;
let pids: (number | undefined)[];
let memory: number[];
beforeAll(async () => {
  mesh = await threeBoxes();
  people = await Household.make(mesh.urls);
  rogue = await Rogue.join(mesh);
  pids = mesh.boxes.map(({ pid }) => pid);
  memory = mesh.boxes.map(memoryOf);
});
afterAll(async () => {
  await rogue?.stop();
  await mesh.stop();
});

/** Everybody goes on, on every box, at once, with the same view of it all. */
async function expectUnharmed(): Promise<void> {
  const { alice, room } = people;
  const text = `unharmed ${randomBytes(4).toString("hex")}`;
  for (const { url } of mesh.boxes) {
    const started = performance.now();
    await alice.say(url, room, `${text} ${url}`);
    expect(performance.now() - started).toBeLessThan(SEND_MS_MAX);
  }
  const isWhole = async (box: BoxProcess): Promise<boolean> => {
    const { boxes, store } = await box.control("status", {});
    const honest = boxes.filter(({ name }) => name !== "rogue");
    return store.state === "good" && honest.every(({ up, behind }) => up && behind === 0);
  };
  for (const box of mesh.boxes) await until(`${box.name} is fine`, () => isWhole(box));
  const [first, ...others] = await Promise.all(mesh.urls.map((url) => people.seenFrom(url)));
  for (const other of others) expect(other).toEqual(first);
  expect(textsOf(await alice.history(mesh.box(3).url, room))).toEqual(
    expect.arrayContaining(mesh.urls.map((url) => `${text} ${url}`)),
  );
  const { status } = await alice.request("GET", mesh.box(1).url, "/account/whoami");
  expect(status).toBe(200);
  expect(mesh.boxes.map(({ pid }) => pid)).toEqual(pids);
  expect(mesh.boxes.map((box) => box.logged("crashed"))).toEqual([0, 0, 0]);
  const growth = mesh.boxes.map((box, i) => memoryOf(box) - (memory[i] ?? 0));
  expect(Math.max(...growth)).toBeLessThan(GROWTH_BYTES_MAX);
}

describe("a member that sends garbage (N=3 and the member)", () => {
  it("as replication frames", async () => {
    const deep = "[".repeat(100_000);
    const frames: (string | Uint8Array)[] = [
      "",
      "x",
      "h",
      "h{}",
      "hnull",
      'h{"protocol":1,"vector":[]}',
      'h{"protocol":1,"vector":{"nobody":1}}',
      `v${deep}`,
      "v{",
      "vnull",
      `v${JSON.stringify({ [rogue.life]: -1 })}`,
      `v${JSON.stringify({ [rogue.life]: 1e300 })}`,
      "c{}",
      "e",
      "e\n\n\n",
      `e${"\n".repeat(5000)}`,
      `e${deep}`,
      'enull\n1\n[]\n{}\n"text"',
      randomBytes(100),
      randomBytes(MIB),
      Buffer.concat([Buffer.from("e"), randomBytes(4 * MIB - 1)]),
      Buffer.concat([Buffer.from("v"), Buffer.alloc(4 * MIB - 1, "[")]),
      Buffer.alloc(4 * MIB, "e"),
    ];
    for (const frame of frames) await rogue.flood(frame);
    for (let i = 0; i < 500; i++) await rogue.flood("c{}");
    await rogue.flood(randomBytes(1000), "no-such-channel");
    await rogue.linked(3);
    await expectUnharmed();
  });

  it("as journal entries that are none", async () => {
    const good = rogue.entry([{ kind: "birth" }]);
    const nested = `{"kind":"odd","a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    const entries = [
      { ...good, v: 2 },
      { ...good, origin: "nobody" },
      { ...good, origin: `${rogue.life}z` },
      { ...good, seq: 0 },
      { ...good, seq: 1.5 },
      { ...good, seq: 2 ** 40 },
      { ...good, time: -1 },
      { ...good, time: "now" },
      { ...good, time: (Date.now() + 24 * HOUR_MS) * TICKS_PER_MS },
      { ...good, deps: { x: 1 } },
      { ...good, deps: [] },
      { ...good, prev: "x".repeat(1000) },
      { ...good, prev: 7 },
      { ...good, records: {} },
      { ...good, records: [null] },
      { ...good, records: Array.from({ length: 3000 }, () => ({ kind: "birth" })) },
      { ...good, records: [{ kind: "event", id: "no", room: "!r", pdu: {}, heads: [] }] },
      { ...good, records: [{ kind: "change", doc: "elsewhere", change: "" }] },
      { ...good, records: [{ kind: "close", origin: "x", seq: 1 }] },
    ].map((entry) => JSON.stringify(entry));
    await rogue.pour(...entries);
    await rogue.pour(JSON.stringify(good).replace('{"kind":"birth"}', nested));
    await rogue.pour(`{"v":1,"pad":"${"x".repeat(3 * MIB)}"}`);
    await expectUnharmed();
  });

  it("as entries of others' journals that do not fit, and of ones that nobody has", async () => {
    const places = rogue.places();
    expect(places).toHaveLength(3);
    for (const { origin, seq } of places) {
      const forged = Array.from({ length: 300 }, (_, i) => {
        const entry = rogue.entry([{ kind: "birth" }]);
        return JSON.stringify({ ...entry, origin, seq: Math.max(1, seq + i - 5), prev: "forged" });
      });
      await rogue.pour(...forged);
    }
    // Entries whose causes will never come must not keep those out whose causes are here.
    for (let round = 0; round < 12; round++) {
      const orphans = Array.from({ length: 500 }, (_, i) =>
        JSON.stringify({
          ...rogue.entry([{ kind: "birth" }]),
          origin: originOf(rogue.transport.self, 1000 + (i % 50)),
          seq: 2 + round * 500 + i,
          prev: "nothing",
        }),
      );
      await rogue.pour(...orphans);
    }
    await expectUnharmed();
  });

  it("as well-formed entries with records that make no sense", async () => {
    const { alice, room } = people;
    const event = {
      type: "m.room.message",
      sender: alice.id,
      room_id: room,
      content: { body: "forged", msgtype: "m.text" },
      depth: 5,
      origin_server_ts: Date.now(),
      prev_events: ["$nothing"],
      auth_events: [],
      hashes: {},
      signatures: {},
    };
    await rogue.pour(rogue.own({ kind: "birth" }));
    await rogue.pour(
      rogue.own({ kind: "event", id: `$${"a".repeat(43)}`, room, pdu: event, heads: [] }),
      rogue.own({ kind: "event", id: "$b", room: "!unheard:of", pdu: event, heads: ["zz"] }),
      rogue.own({ kind: "from the future", whatever: [1, 2, 3] }),
      rogue.own({
        kind: "put",
        collection: "receipt",
        key: ["\ud800", "\u0000"],
        value: { a: [] },
      }),
      rogue.own({ kind: "put", collection: "unknown", key: [], value: null }),
      rogue.own({ kind: "put", collection: "media", key: ["x"], value: { hash: "../../etc" } }),
    );
    await rogue.pour(
      rogue.own({
        kind: "change",
        doc: "mesh",
        change: randomBytes(300).toString("base64"),
      }),
    );
    await expectUnharmed();
    expect(textsOf(await alice.history(mesh.box(2).url, room))).not.toContain("forged");
  });

  it("as requests, and as gossip", async () => {
    const { transport } = rogue;
    const bodies = [
      Buffer.alloc(0),
      randomBytes(1000),
      Buffer.from("null"),
      Buffer.from("{}"),
      Buffer.from("[".repeat(100_000)),
      Buffer.alloc(2 * MIB, "x"),
      Buffer.from(JSON.stringify({ phase: "prepare", register: "x", ballot: [-1, "x"] })),
      Buffer.from(
        JSON.stringify({
          phase: "prepare",
          register: "user\u001f@carol:hearth.localhost",
          ballot: [Number.MAX_SAFE_INTEGER, transport.self],
        }),
      ),
      Buffer.from(JSON.stringify({ user: people.alice.id, device: "X".repeat(9), algorithm: 7 })),
    ];
    const asked: Promise<unknown>[] = [];
    for (const { box } of transport.links()) {
      for (const method of ["claim", "one-time-key", "box-facts", "blob", "no-such-method"]) {
        for (const body of bodies) {
          asked.push(transport.request(box, method, body, { timeoutMs: REQUEST_MS_MAX }));
          asked.push(
            drained(transport.fetchStream(box, method, body, { timeoutMs: REQUEST_MS_MAX })),
          );
        }
      }
    }
    await Promise.allSettled(asked);
    for (let i = 0; i < 200; i++) {
      transport.publish("entries", randomBytes(500));
      transport.publish("ephemeral", randomBytes(500));
      const fact = { kind: "presence", key: `@${i}:x`, value: { presence: 7 }, ttlMs: 1e12 };
      transport.publish("ephemeral", Buffer.from(JSON.stringify(fact)));
    }
    await expectUnharmed();
    // Ballots beyond all measure must not end the giving of names.
    await TestUser.register(mesh.box(1).url, "carol");
    await TestUser.register(mesh.box(2).url, "dave");
  });
});

async function drained(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of chunks);
}

/** Resident memory of a box, bytes. */
function memoryOf(box: BoxProcess): number {
  const text = readFileSync(`/proc/${box.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) * 1024;
}
