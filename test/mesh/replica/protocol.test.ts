import { afterEach, describe, expect, it } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { decodeFrame, encodeFrame } from "../../../mesh/replica/frames.ts";
import { commonProtocol, REPLICATION_PROTOCOL } from "../../../mesh/replica/protocol.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import { oneBox } from "../../support/one-box.ts";
import { note } from "../journal/open-ledger.ts";

describe("commonProtocol", () => {
  it.each([
    [{ oldest: 1, newest: 1 }, { oldest: 1, newest: 1 }, 1],
    [{ oldest: 1, newest: 1 }, { oldest: 1, newest: 2 }, 1],
    [{ oldest: 1, newest: 2 }, { oldest: 2, newest: 3 }, 2],
    [{ oldest: 1, newest: 1 }, { oldest: 2, newest: 3 }, undefined],
  ])("of %j and %j is %s, whoever asks", (a, b, common) => {
    expect([commonProtocol(a, b), commonProtocol(b, a)]).toEqual([common, common]);
  });
});

describe("a hello", () => {
  it("says which versions a box speaks; one that names no oldest speaks one only", () => {
    const hello = { kind: "hello", speaks: { oldest: 2, newest: 4 }, vector: {} } as const;
    expect(decodeFrame(encodeFrame(hello))).toEqual(hello);
    expect(decodeFrame(Buffer.from('h{"protocol":3,"vector":{}}'))).toMatchObject({
      speaks: { oldest: 3, newest: 3 },
    });
    for (const bad of ['{"protocol":0,"vector":{}}', '{"protocol":1,"oldest":"1","vector":{}}']) {
      expect(decodeFrame(Buffer.from(`h${bad}`))).toBeUndefined();
    }
  });
});

describe("a box whose neighbour runs another version (N=2)", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  /** A box, and neighbours that said these things, of which the test plays the part. */
  async function withNeighbours(...hellos: object[]) {
    const network = new MemoryNetwork();
    const box = await oneBox({ network, box: "aaaaaaaa" as BoxId });
    stops.push(() => box.stop());
    const heard: string[][] = [];
    for (const [i, hello] of hellos.entries()) {
      const frames: string[] = [];
      heard.push(frames);
      const other = network.join("bcd".charAt(i).repeat(8) as BoxId);
      other.onFrame("replica", (_, bytes) => void frames.push(Buffer.from(bytes).toString()));
      await other.start();
      const frame = Buffer.from(`h${JSON.stringify({ ...hello, vector: {} })}`);
      await other.send(box.transport.self, "replica", frame);
    }
    await box.node.runner.run(note, "hello");
    return { replicator: box.node.replicator, heard };
  }
  const entries = (frames: readonly string[] = []): string[] =>
    frames.filter((frame) => frame.startsWith("e"));
  const { newest } = REPLICATION_PROTOCOL;

  it("replicates where they have a version in common, and only there, and says so", async () => {
    const { replicator, heard } = await withNeighbours(
      { protocol: newest + 2, oldest: newest + 1 },
      { protocol: newest + 1, oldest: newest },
    );
    await expect.poll(() => entries(heard[1])).not.toEqual([]);
    expect(entries(heard[0])).toEqual([]);
    expect([...replicator.foreign()]).toEqual(["bbbbbbbb"]);
  });

  it("does not wait for one that it cannot replicate with", async () => {
    const { replicator } = await withNeighbours({ protocol: newest + 2, oldest: newest + 1 });
    await expect.poll(() => replicator.foreign().size).toBe(1);
    expect(replicator.isCaughtUp()).toBe(true);
  });
});
