import { describe, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import type { LinkEvent, Transport } from "../../../mesh/transport/transport.ts";
import { FAIR } from "../../simulation/options.ts";
import { Prng } from "../../simulation/prng.ts";
import { BoxTimers, SimClock } from "../../simulation/sim-clock.ts";
import { SimNetwork } from "../../simulation/sim-network.ts";
import { SimTransport } from "../../simulation/sim-transport.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import { nextLink, startMesh } from "./support.ts";

interface Pair {
  readonly a: Transport;
  readonly b: Transport;
  /** Lets what was begun happen. */
  pass(): Promise<void>;
  stop(): Promise<void>;
}

const [A, B] = ["aaaaaaaa", "bbbbbbbb"] as [BoxId, BoxId];

/** Two linked boxes, of whose link everybody has been told who listened then. */
const TRANSPORTS: readonly [name: string, open: () => Promise<Pair>][] = [
  [
    "libp2p",
    async () => {
      const mesh = await startMesh(2);
      const [a, b] = [mesh.nodes[0]!, mesh.nodes[1]!];
      const down = nextLink(a, "down", b.self);
      return { a, b, pass: async () => void (await down), stop: () => mesh.stop() };
    },
  ],
  [
    "the network in memory",
    async () => {
      const network = new MemoryNetwork();
      const [a, b] = [network.join(A), network.join(B)];
      const pass = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
      await Promise.all([a.start(), b.start()]);
      await pass();
      return { a, b, pass, stop: async () => void (await Promise.all([a.stop(), b.stop()])) };
    },
  ],
  [
    "the simulated network",
    async () => {
      const clock = new SimClock();
      const network = new SimNetwork(clock, new Prng("links"), FAIR);
      const open = (box: BoxId) => new SimTransport(box, network, new BoxTimers(clock));
      const [a, b] = [open(A), open(B)];
      const members = [A, B].map((box) => ({ box, peerId: box, addresses: [] }));
      const pass = async (): Promise<void> => void (await clock.run(clock.nowMs + 1500));
      for (const transport of [a, b]) {
        transport.setMembers(members);
        await transport.start();
      }
      await pass();
      return { a, b, pass, stop: () => Promise.resolve() };
    },
  ],
];

describe.each(TRANSPORTS)("who listens for links late, on %s,", (_name, open) => {
  test("hears of those that are up before anything else, and of each change once", async () => {
    const { a, b, pass, stop } = await open();
    const events: LinkEvent[] = [];
    a.onLink((event) => void events.push(event));
    const [link] = a.links();
    expect(events).toEqual([{ kind: "up", box: b.self, address: link?.address }]);
    await b.stop();
    await pass();
    expect(events.map(({ kind, box }) => [kind, box])).toEqual([
      ["up", b.self],
      ["down", b.self],
    ]);
    a.onLink((event) => void events.push(event));
    expect(events).toHaveLength(2);
    await stop();
  });

  test("hears of a link once when it began to listen while others were being told", async () => {
    const { a, b, pass, stop } = await open();
    const late: LinkEvent[] = [];
    a.onLink(({ kind }) => {
      if (kind === "down") a.onLink((event) => void late.push(event));
    });
    await b.stop();
    await pass();
    expect(late).toEqual([]);
    await stop();
  });
});
