import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { FRAME_BYTES_MAX, REQUEST_BYTES_MAX } from "../../../mesh/transport/constants.ts";
import { TransportError } from "../../../mesh/transport/transport.ts";
import { bytes, realRandom, startMesh, text, type Mesh } from "./support.ts";

let mesh: Mesh;
beforeAll(async () => void (mesh = await startMesh(3)));
afterAll(() => mesh.stop());

const node = (index: number) => mesh.nodes[index]!;
const soon = { timeoutMs: 5_000 };

describe("mesh: three boxes on loopback (N=3)", () => {
  test("each is linked with both others, with address and time", () => {
    for (const { self } of mesh.nodes) {
      const links = mesh.nodes.find((other) => other.self === self)!.links();
      expect(links.map(({ box }) => box).toSorted()).toEqual(
        mesh.members.map(({ box }) => box).filter((box) => box !== self),
      );
      for (const { address, since } of links) {
        expect(address).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+/);
        expect(Math.abs(Date.now() - since)).toBeLessThan(60_000);
      }
    }
  });

  test("frames arrive whole, in order and on their channel, both ways at once", async () => {
    const count = 2_000;
    const got: string[][] = [[], []];
    const stops = [0, 1].map((at) =>
      node(at).onFrame("order", (_, frame) => void got[at]!.push(text(frame))),
    );
    const texts = Array.from({ length: count }, (_, i) => `${i} ${"x".repeat(i)}`);
    await Promise.all(
      texts.flatMap((content) => [
        node(0).send(node(1).self, "order", bytes(content)),
        node(1).send(node(0).self, "order", bytes(content)),
      ]),
    );
    await vi.waitFor(() => expect(got.map((list) => list.length)).toEqual([count, count]), 10_000);
    expect(got).toEqual([texts, texts]);
    for (const stop of stops) stop();
  });

  test("a frame of the largest size arrives, a larger one is refused", async () => {
    const frame = realRandom.bytes(FRAME_BYTES_MAX);
    const arrived = new Promise<Uint8Array>((resolve) =>
      node(2).onFrame("big", (_, got) => resolve(got)),
    );
    await node(0).send(node(2).self, "big", frame);
    expect(Buffer.compare(await arrived, frame)).toBe(0);
    await expect(
      node(0).send(node(2).self, "big", new Uint8Array(FRAME_BYTES_MAX + 1)),
    ).rejects.toMatchObject({ code: "too_large" });
  });

  test("a slow listener holds its sender back instead of filling the memory", async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    let got = 0;
    const stop = node(1).onFrame("slow", () => ((got += 1), gate));
    const frame = new Uint8Array(1024 * 1024);
    let sent = 0;
    const sends = Array.from({ length: 14 }, () =>
      node(0)
        .send(node(1).self, "slow", frame)
        .then(() => (sent += 1)),
    );
    await vi.waitFor(() => expect(sent).toBeGreaterThan(4), 10_000);
    // Requests have their own streams: they pass the waiting frames, so the link is alive.
    node(1).onRequest("alive", (_, body) => Promise.resolve(body));
    await node(0).request(node(1).self, "alive", bytes(""), soon);
    expect(got).toBe(1);
    expect(sent).toBeLessThan(9);
    release();
    await Promise.all(sends);
    await vi.waitFor(() => expect(got).toBe(14), 10_000);
    stop();
  });

  test("requests are answered by name, many at once, with bodies of any allowed size", async () => {
    node(2).onRequest("reverse", (from, body) => {
      expect(from).toBe(node(0).self);
      return Promise.resolve(Uint8Array.from(body).reverse());
    });
    const bodies = [0, 1, 70_000, REQUEST_BYTES_MAX].map((length) => realRandom.bytes(length));
    const answers = await Promise.all(
      bodies.map((body) => node(0).request(node(2).self, "reverse", body, soon)),
    );
    for (const [index, answer] of answers.entries()) {
      expect(Buffer.compare(Uint8Array.from(answer).reverse(), bodies[index]!)).toBe(0);
    }
  });

  test("each way a request can fail has its code, and no inner message leaks", async () => {
    node(1).onRequest("fails", () => Promise.reject(new Error("secret path")));
    node(1).onRequest("refuses", () => Promise.reject(new TransportError("refused", "not now")));
    node(1).onRequest("hangs", () => new Promise(() => {}));
    node(1).onRequest("huge", () => Promise.resolve(new Uint8Array(REQUEST_BYTES_MAX + 1)));
    const ask = (method: string, body = bytes(""), timeoutMs = 5_000) =>
      node(0).request(node(1).self, method, body, { timeoutMs });
    await expect(ask("fails")).rejects.toMatchObject({
      code: "handler_failed",
      message: expect.not.stringContaining("secret"),
    });
    await expect(ask("refuses")).rejects.toMatchObject({ code: "refused", message: "not now" });
    await expect(ask("nobody")).rejects.toMatchObject({ code: "unknown_method" });
    await expect(ask("hangs", bytes(""), 50)).rejects.toMatchObject({ code: "timeout" });
    await expect(ask("huge")).rejects.toMatchObject({ code: "too_large" });
    await expect(ask("fails", new Uint8Array(REQUEST_BYTES_MAX + 1))).rejects.toMatchObject({
      code: "too_large",
    });
  });

  test("what is published reaches every other box, equal data twice", async () => {
    const got: string[] = [];
    for (const at of [1, 2]) {
      node(at).onPublish("news", (_, data) => void got.push(`${at} ${text(data)}`));
    }
    // Gossip is best effort: until the subscription is known, what is published is lost.
    await vi.waitFor(() => {
      node(0).publish("news", bytes("warm-up"));
      expect(new Set(got)).toEqual(new Set(["1 warm-up", "2 warm-up"]));
    }, 10_000);
    const fresh = () => got.filter((line) => !line.endsWith("warm-up")).toSorted();
    node(0).publish("news", bytes("same"));
    node(0).publish("news", bytes("same"));
    await vi.waitFor(
      () => expect(fresh()).toEqual(["1 same", "1 same", "2 same", "2 same"]),
      10_000,
    );
  });

  test("a publish listener that throws, or data too big to gossip, harms nobody", async () => {
    const got: string[] = [];
    node(1).onPublish("harm", () => {
      throw new Error("bad content");
    });
    node(1).onPublish("harm", (_, data) => void got.push(text(data).slice(0, 9)));
    await vi.waitFor(() => {
      node(0).publish("harm", new Uint8Array(1024 * 1024));
      node(0).publish("harm", bytes("fine"));
      expect(got).toContain("fine");
    }, 10_000);
    expect(new Set(got)).toEqual(new Set(["fine"]));
  });
});

describe("mesh: fetching a stream (N=3)", () => {
  async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    return Buffer.concat(parts);
  }

  test("delivers a body far above any buffer, byte for byte", async () => {
    const part = realRandom.bytes(300_000);
    node(1).onFetchStream("blob", async function* (from, body) {
      expect([from, text(body)]).toEqual([node(0).self, "which"]);
      for (let i = 0; i < 60; i += 1) yield part;
    });
    const whole = await collect(node(0).fetchStream(node(1).self, "blob", bytes("which"), soon));
    expect(Buffer.compare(whole, Buffer.concat(Array.from({ length: 60 }, () => part)))).toBe(0);
  });

  test("makes the sender wait for a slow reader", async () => {
    let made = 0;
    node(1).onFetchStream("endless", async function* () {
      for (;;) {
        made += 1;
        yield new Uint8Array(64 * 1024);
      }
    });
    const chunks = node(0).fetchStream(node(1).self, "endless", bytes(""), soon);
    const reader = chunks[Symbol.asyncIterator]();
    await reader.next();
    node(1).onRequest("made", () => Promise.resolve(bytes(String(made))));
    const ask = async () =>
      Number(text(await node(0).request(node(1).self, "made", bytes(""), soon)));
    let before = -1;
    await vi.waitFor(async () => {
      const now = await ask();
      const grew = now > before;
      before = now;
      expect(grew).toBe(false);
    }, 10_000);
    expect(made * 64 * 1024).toBeLessThan(8 * 1024 * 1024);
    await reader.return?.();
  });

  test("lets the sender go when the reader leaves early", async () => {
    const ended = new Promise<void>((resolve) => {
      node(1).onFetchStream("left", async function* () {
        try {
          for (;;) yield new Uint8Array(1024);
        } finally {
          resolve();
        }
      });
    });
    for await (const _ of node(0).fetchStream(node(1).self, "left", bytes(""), soon)) break;
    await ended;
  });

  test("fails with a code when the sender fails half way, is silent, or does not know it", async () => {
    node(1).onFetchStream("breaks", async function* () {
      yield bytes("half");
      throw new Error("disk gone");
    });
    node(1).onFetchStream("silent", async function* () {
      yield bytes("half");
      await new Promise(() => {});
    });
    const fetch = (method: string, timeoutMs = 5_000) =>
      collect(node(0).fetchStream(node(1).self, method, bytes(""), { timeoutMs }));
    await expect(fetch("breaks")).rejects.toMatchObject({ code: "handler_failed" });
    await expect(fetch("silent", 200)).rejects.toMatchObject({ code: "timeout" });
    await expect(fetch("nobody")).rejects.toMatchObject({ code: "unknown_method" });
  });
});
