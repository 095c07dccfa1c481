import { afterEach, describe, expect, it } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { compareBoxes } from "../../../mesh/verify/compare.ts";
import { LINE_LENGTH_MAX, SESSION_MS, SESSIONS_MAX } from "../../../mesh/verify/constants.ts";
import { RemoteBox } from "../../../mesh/verify/remote-box.ts";
import { serveDesk } from "../../../mesh/verify/serve-desk.ts";
import { VerifyDesk } from "../../../mesh/verify/verify-desk.ts";
import { decodeQuestion, VERIFY_METHOD } from "../../../mesh/verify/wire.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import type { MemoryTransport } from "../../support/memory-network.ts";
import { FakeTimers } from "../transport/fake-timers.ts";
import { deskOf, equalBoxes, hurried } from "./support.ts";

const A = "aaaaaaaa" as BoxId;
const B = "bbbbbbbb" as BoxId;

async function twoTransports(): Promise<[MemoryTransport, MemoryTransport]> {
  const network = new MemoryNetwork();
  const [a, b] = [network.join(A), network.join(B)];
  await a.start();
  await b.start();
  return [a, b];
}

async function drain(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers);
}

const undo: (() => void)[] = [];
afterEach(() => {
  for (const run of undo.splice(0)) run();
});

describe("RemoteBox", () => {
  it("is compared over the network as if it were here", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const [a, b] = await twoTransports();
    undo.push(serveDesk(b, deskOf(boxes[1]!)));
    const remote = new RemoteBox(B, a);
    const compare = () => compareBoxes(deskOf(boxes[0]!), [remote], hurried());
    expect(await compare()).toMatchObject({ differences: [], forks: [], sameMoment: true });
    const key = [...boxes[1]!.disk.entries.keys()].find((each) => each.startsWith("t/rs\0"))!;
    boxes[1]!.disk.write([{ type: "del", key }]);
    expect((await compare()).differences).toMatchObject([{ section: "rs" }]);
  });

  it.each([
    ["no JSON", "{"],
    ["a session that is none", '{"session":-1,"vector":{}}'],
    ["a vector that is none", '{"session":1,"vector":{"x":1}}'],
    ["nothing", ""],
    ["a line without end", "x".repeat(LINE_LENGTH_MAX + 1)],
  ])("takes no %s", async (_, line) => {
    const [a, b] = await twoTransports();
    b.onFetchStream(VERIFY_METHOD, async function* () {
      yield Buffer.from(line === "" ? "" : `${line}${line.length > LINE_LENGTH_MAX ? "" : "\n"}`);
    });
    await expect(new RemoteBox(B, a).open()).rejects.toThrow(
      /not JSON|not understood|too short|too long/,
    );
  });

  it("takes no more hashes than it asked for, and no fewer", async () => {
    const [a, b] = await twoTransports();
    let lines = 2;
    b.onFetchStream(VERIFY_METHOD, async function* () {
      yield Buffer.from("null\n".repeat(lines));
    });
    const remote = new RemoteBox(B, a);
    const ask = (): Promise<unknown> => remote.entryHashes([{ origin: `${A}.1` as never, seq: 1 }]);
    await expect(ask()).rejects.toThrow("too long");
    lines = 0;
    await expect(ask()).rejects.toThrow("too short");
    lines = 1;
    expect(await ask()).toEqual([null]);
  });
});

describe("VerifyDesk", () => {
  it("holds few snapshots, and lets one go that nobody reads from", async () => {
    const [box] = await equalBoxes(["a"]);
    const timers = new FakeTimers();
    const store = new MemoryStore(box!.disk);
    const desk = new VerifyDesk({ box: A, store, timers, refusal: () => undefined });
    const { session } = await desk.open();
    for (let i = 1; i < SESSIONS_MAX; i++) await desk.open();
    await expect(desk.open()).rejects.toThrow("being compared");
    await timers.advance(SESSION_MS - 1);
    await drain(desk.sections(session));
    await timers.advance(SESSION_MS - 1);
    expect((await desk.open()).session).toBeGreaterThan(SESSIONS_MAX);
    await drain(desk.buckets(session, "e"));
    await timers.advance(SESSION_MS);
    await expect(drain(desk.sections(session))).rejects.toThrow("no longer held");
    expect(timers.waiting).toBe(0);
  });

  it("answers from its snapshot, whatever is written meanwhile", async () => {
    const [box] = await equalBoxes(["a"]);
    const store = new MemoryStore(box!.disk);
    const timers = new FakeTimers();
    const desk = new VerifyDesk({ box: A, store, timers, refusal: () => undefined });
    const { session } = await desk.open();
    const before = await Array.fromAsync(desk.sections(session));
    await store.batch([{ type: "put", key: "t/u\0zebra\0", value: "true" }]);
    expect(await Array.fromAsync(desk.sections(session))).toEqual(before);
    const later = await desk.open();
    expect(await Array.fromAsync(desk.sections(later.session))).not.toEqual(before);
  });

  it.each([
    ["", "not JSON"],
    ["[]", "not understood"],
    ['{"ask":"everything"}', "not understood"],
    ['{"ask":"rows","session":1,"section":"../e"}', "not understood"],
    ['{"ask":"look","keys":[1]}', "not understood"],
    ['{"ask":"entries","dots":[{"origin":"x","seq":1}]}', "not understood"],
  ])("does not take %s for a question", (text, reason) => {
    expect(() => decodeQuestion(Buffer.from(text))).toThrow(reason);
  });

  it("tells nothing of rows that are not compared", async () => {
    const [box] = await equalBoxes(["a"]);
    for (const key of ["m/store", "j/x", "t/lg\0x\0"]) {
      await expect(deskOf(box!).look([key])).rejects.toThrow("not compared");
    }
  });
});
