import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Prng } from "../../simulation/prng.ts";
import { FAIR, Wire } from "./wire.ts";

/** An IPv4 packet for a host, with a number in it. */
function packetFor(host: number, number = 0): Buffer {
  const packet = Buffer.alloc(24);
  packet[0] = 0x45;
  packet[19] = host;
  packet[20] = number;
  return packet;
}

describe("the switch between the boxes", () => {
  let wire: Wire;
  let ends: Socket[];
  let arrived: number[];
  let heard: PromiseWithResolvers<void>;

  beforeEach(async () => {
    wire = new Wire(new Prng("1"));
    arrived = [];
    heard = Promise.withResolvers();
    ends = [];
    for (const host of [1, 2]) {
      const { from, to } = await wire.plug(host);
      const end = createSocket("udp4");
      await new Promise<void>((resolve) => end.bind(from, "127.0.0.1", resolve));
      end.connect(to, "127.0.0.1");
      await new Promise((resolve) => end.once("connect", resolve));
      ends.push(end);
    }
    ends[1]!.on("message", (packet) => {
      arrived.push(packet[20]!);
      heard.resolve();
      heard = Promise.withResolvers();
    });
  });
  afterEach(() => {
    wire.close();
    for (const end of ends) end.close();
  });

  async function untilArrived(count: number): Promise<void> {
    while (arrived.length < count) await heard.promise;
  }

  /** What the first host sends to the second one; the last packet goes through fair weather. */
  async function send(count: number): Promise<void> {
    for (let i = 0; i < count; i++) ends[0]!.send(packetFor(2, i));
    while (countOf(wire) < count) await new Promise((resolve) => setImmediate(resolve));
    wire.clear();
    ends[0]!.send(packetFor(2, 255));
    while (!arrived.includes(255)) await heard.promise;
  }

  it("passes packets on to the host that they are for", async () => {
    await send(3);
    expect(arrived).toEqual([0, 1, 2, 255]);
  });

  it("lets packets vanish where one way is cut", async () => {
    wire.layer().set(1, 2, { ...FAIR, isCut: true });
    await send(3);
    expect(arrived).toEqual([255]);
    expect(wire.counts).toMatchObject({ cut: 3, passed: 1 });
  });

  it("loses and doubles about as many as it is told", async () => {
    wire.layer().set(1, 2, { ...FAIR, loss: 0.3, duplication: 0.2 });
    await send(100);
    expect(wire.counts.lost).toBeGreaterThan(15);
    expect(wire.counts.lost).toBeLessThan(45);
    expect(wire.counts.doubled).toBeGreaterThan(5);
    expect(wire.counts.doubled).toBeLessThan(30);
  });

  it("lets what is on time overtake what is late", async () => {
    wire.layer().set(1, 2, { ...FAIR, delayMs: 50 });
    await send(1);
    await untilArrived(2);
    expect(arrived).toEqual([255, 0]);
  });

  it("keeps a way cut until the last cause of it is over", async () => {
    const [first, second] = [wire.layer(), wire.layer()];
    for (const cause of [first, second]) cause.set(1, 2, { ...FAIR, isCut: true });
    wire.layer().set(1, 2, { ...FAIR, duplication: 1 });
    first.lift();
    ends[0]!.send(packetFor(2, 1));
    while (wire.counts.cut < 1) await new Promise((resolve) => setImmediate(resolve));
    second.lift();
    ends[0]!.send(packetFor(2, 2));
    await untilArrived(2);
    expect(arrived).toEqual([2, 2]);
  });

  it("drops what is no packet, or for nobody", async () => {
    ends[0]!.send(Buffer.from("no packet"));
    ends[0]!.send(packetFor(7));
    await send(0);
    expect(arrived).toEqual([255]);
  });
});

function countOf({ counts }: Wire): number {
  return counts.passed + counts.cut + counts.lost;
}
