import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { multiaddr } from "@multiformats/multiaddr";
import {
  PROTOCOL_FETCH,
  PROTOCOL_JOIN,
  PROTOCOL_KAD,
  PROTOCOL_LINK,
  PROTOCOL_REQUEST,
} from "../../../mesh/transport/constants.ts";
import { createHost, type Host } from "../../../mesh/transport/libp2p-host.ts";
import type { MeshTransport } from "../../../mesh/transport/mesh-transport.ts";
import { createNode, realRandom, sortedKeys } from "./support.ts";

const psk = realRandom.bytes(32);
const [own, strange] = sortedKeys(2) as [PeerKeys, PeerKeys];
type PeerKeys = ReturnType<typeof sortedKeys>[number];

let box: MeshTransport;
beforeAll(async () => {
  box = await createNode({ keys: own, psk });
  await box.start();
});
afterAll(() => box.stop());

/** A host that admits everyone, as an attacker's would. */
async function attacker(key: Uint8Array): Promise<Host> {
  const options = { keys: strange, psk: key, listen: [], announce: [], mdns: false };
  const everyone = { isolated: () => false, isMember: () => true, admitsJoiner: () => true };
  const host = await createHost(options, everyone);
  await host.start();
  return host;
}

const target = () => multiaddr(box.addresses()[0]!);
const EVERY_PROTOCOL = [
  PROTOCOL_LINK,
  PROTOCOL_REQUEST,
  PROTOCOL_FETCH,
  PROTOCOL_KAD,
  "/hearth/id/1.0.0",
  "/hearth/ping/1.0.0",
  "/meshsub/1.2.0",
];

describe("mesh: strangers (N=1)", () => {
  test("a stranger that speaks no libp2p is cut off", async () => {
    const port = Number(/tcp\/(\d+)/.exec(box.addresses()[0]!)?.[1]);
    const socket = connect(port, "127.0.0.1");
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {});
    socket.on("data", () => {});
    socket.write("GET / HTTP/1.1\r\n\r\n".repeat(20));
    await closed;
  });

  test("a stranger without the mesh key gets no connection", async () => {
    const host = await attacker(realRandom.bytes(32));
    await expect(host.dial(target())).rejects.toBeInstanceOf(Error);
    await host.stop();
    expect(box.links()).toEqual([]);
  });

  test("a stranger with the mesh key that is no member gets no protocol and is cut off", async () => {
    const host = await attacker(psk);
    for (const protocol of [...EVERY_PROTOCOL, PROTOCOL_JOIN]) {
      await expect(host.dialProtocol(target(), protocol)).rejects.toBeInstanceOf(Error);
    }
    expect(host.getConnections().filter(({ status }) => status === "open")).toEqual([]);
    await host.stop();
  });

  test("one admitted to join gets the join protocol and nothing else", async () => {
    box.allowJoiners(true);
    const host = await attacker(psk);
    const connection = await host.dial(target());
    for (const protocol of EVERY_PROTOCOL) {
      const stream = await connection.newStream(protocol, { negotiateFully: false });
      const received: number[] = [];
      stream.addEventListener("message", ({ data }) => void received.push(data.byteLength));
      if (stream.status === "open") {
        const closed = new Promise<void>((resolve) =>
          stream.addEventListener("close", () => resolve()),
        );
        stream.send(new Uint8Array(64));
        await closed;
      }
      expect([stream.status, received]).toEqual(["reset", []]);
    }
    const join = await connection.newStream(PROTOCOL_JOIN);
    expect(join.status).toBe("open");
    const cut = new Promise<void>((resolve) =>
      connection.addEventListener("close", () => resolve()),
    );
    box.allowJoiners(false);
    await cut;
    await host.stop();
  });
});
