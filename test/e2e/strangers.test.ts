import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { noise } from "@chainsafe/libp2p-noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { homePaths } from "../../bin/home/paths.ts";
import { loadSecrets } from "../../bin/home/secrets.ts";
import { peerKeysOf } from "../../mesh/transport/identity.ts";
import { createHost } from "../../mesh/transport/libp2p-host.ts";
import type { Host } from "../../mesh/transport/libp2p-host.ts";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { TestUser, textsOf } from "./support/client.ts";
import { TestMesh } from "./support/test-mesh.ts";

/** The layer of the pre-shared key opens with a random nonce; everything after it is encrypted. */
const NONCE_BYTES = 24;
/** What is received decrypts to anything: where that happens to be a word, the answer is "na", as to all that are not known. */
const REFUSAL_BYTES = 4;
const MIB = 1024 * 1024;

const EVERY_PROTOCOL = [
  "/hearth/link/1",
  "/hearth/request/1",
  "/hearth/fetch/1",
  "/hearth/join/1",
  "/hearth/kad/1.0.0",
  "/hearth/id/1.0.0",
  "/hearth/ping/1.0.0",
  "/ipfs/id/1.0.0",
  "/ipfs/ping/1.0.0",
  "/meshsub/1.2.0",
  "/floodsub/1.0.0",
];

let mesh: TestMesh;
let alice: TestUser;
let room: string;
beforeAll(async () => {
  mesh = await TestMesh.start({ boxes: 2 });
  alice = await TestUser.register(mesh.box(1).url, "alice");
  room = await alice.createRoom(mesh.box(1).url);
});
afterAll(() => mesh.stop());

/** The socket of a box for the other boxes. */
async function meshAddress(box: BoxProcess): Promise<{ port: number; text: string }> {
  const { boxes } = await box.control("box.list", {});
  const text = boxes.find(({ self }) => self)?.addresses[0] ?? "";
  return { port: Number(/tcp\/(\d+)/.exec(text)?.[1]), text };
}

/** The boxes go on as if nobody had knocked. */
async function expectUntroubled(): Promise<void> {
  const text = `still here ${randomBytes(4).toString("hex")}`;
  await alice.say(mesh.box(1).url, room, text);
  expect(textsOf(await alice.history(mesh.box(2).url, room))).toContain(text);
  // What a box has just been sent, the other one counts as missing until it hears of it.
  await mesh.untilWhole();
  for (const box of mesh.boxes) {
    expect((await box.control("status", {})).store.state).toBe("good");
  }
}

describe("strangers at the mesh port (N=2)", () => {
  it.each([
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\nhost: box\r\n\r\n".repeat(50))],
    ["random bytes", randomBytes(4096)],
    ["a megabyte of random bytes", randomBytes(MIB)],
    ["libp2p's first line in the clear", Buffer.from("\x13/multistream/1.0.0\n\x07/noise\n")],
    ["nothing at all", Buffer.alloc(0)],
  ])("who speaks %s is cut off and has learned nothing", async (_, opening) => {
    const { port } = await meshAddress(mesh.box(1));
    const socket = connect(port, "127.0.0.1");
    let received = 0;
    socket.on("data", (chunk) => (received += chunk.length));
    socket.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(opening);
    await closed;
    expect(received).toBeLessThanOrEqual(NONCE_BYTES + REFUSAL_BYTES);
    await expectUntroubled();
  });

  it("who speaks libp2p without the key, or with another one, gets no connection", async () => {
    const { text } = await meshAddress(mesh.box(1));
    const plain = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    });
    await expect(plain.dial(multiaddr(text))).rejects.toBeInstanceOf(Error);
    await plain.stop();
    const other = await attacker(randomBytes(32));
    await expect(other.dial(multiaddr(text))).rejects.toBeInstanceOf(Error);
    await other.stop();
    await expectUntroubled();
  });

  it("who has the key and is no member gets no protocol, and is cut off", async () => {
    const { meshPsk } = loadSecrets(homePaths(mesh.box(1).home).secrets);
    const host = await attacker(meshPsk);
    // Box 1 has invited box 2, and would still tell a joiner that the code was used.
    const { text } = await meshAddress(mesh.box(2));
    for (const protocol of EVERY_PROTOCOL) {
      expect(await answerTo(host, text, protocol, randomBytes(64))).toHaveLength(0);
    }
    const isOpen = ({ status }: { status: string }): boolean => status === "open";
    await until("it has no connection", () => !host.getConnections().some(isOpen));
    expect(host.services.gossip.getSubscribers("/hearth/entries")).toEqual([]);
    await host.stop();
    await expectUntroubled();
  });

  it("while an invitation is open, it gets the join protocol alone, and no further with it", async () => {
    await mesh.box(1).control("invite", { ttl_s: 30 });
    const { meshPsk } = loadSecrets(homePaths(mesh.box(1).home).secrets);
    const host = await attacker(meshPsk);
    const { text } = await meshAddress(mesh.box(1));
    for (const protocol of EVERY_PROTOCOL.filter((name) => name !== "/hearth/join/1")) {
      expect(await answerTo(host, text, protocol, randomBytes(64))).toHaveLength(0);
    }
    for (const body of [randomBytes(10), randomBytes(500), randomBytes(100_000)]) {
      const call = Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), body]);
      call.writeUInt32BE(body.length, 1);
      const answer = await answerTo(host, text, "/hearth/join/1", call);
      expect(answer.toString()).not.toContain("secret");
      expect(answer.toString()).toMatch(/^$|refused/);
    }
    await host.stop();
    const { boxes } = await mesh.box(1).control("box.list", {});
    expect(boxes).toHaveLength(2);
    await expectUntroubled();
  });

  it("a crowd that holds connections open keeps nobody else out for long", async () => {
    const { port } = await meshAddress(mesh.box(1));
    const before = memoryOf(mesh.box(1));
    const sockets = Array.from({ length: 300 }, () => connect(port, "127.0.0.1"));
    const closed = sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on("error", () => undefined);
          socket.once("close", () => resolve());
          socket.resume();
        }),
    );
    await expectUntroubled();
    await Promise.all(closed);
    expect(memoryOf(mesh.box(1)) - before).toBeLessThan(64 * MIB);
    await mesh.box(2).stop();
    await mesh.box(2).start();
    await mesh.untilWhole();
    await expectUntroubled();
  });
});

/** A host that admits everyone, as an attacker's would. */
async function attacker(psk: Uint8Array): Promise<Host> {
  const keys = peerKeysOf(randomBytes(32));
  const everyone = { isolated: () => false, isMember: () => true, admitsJoiner: () => true };
  const options = { keys, psk, listen: [], announce: [], mdns: false };
  const host = await createHost(options, everyone);
  await host.start();
  return host;
}

/** All that comes back on a stream until it is closed or reset. */
async function answerTo(
  host: Host,
  address: string,
  protocol: string,
  bytes: Uint8Array,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let stream;
  try {
    const connection = await host.dial(multiaddr(address));
    stream = await connection.newStream(protocol, { negotiateFully: false });
  } catch {
    return Buffer.alloc(0);
  }
  stream.addEventListener("message", ({ data }) => void chunks.push(data.subarray()));
  for (const name of ["close", "remoteCloseWrite"] as const) {
    stream.addEventListener(name, () => resolve());
  }
  try {
    if (stream.status !== "open") return Buffer.alloc(0);
    stream.send(bytes);
    await stream.close();
  } catch {
    resolve();
  }
  await promise;
  return Buffer.concat(chunks);
}

/** Resident memory of a box, bytes. */
function memoryOf(box: BoxProcess): number {
  const [, kib = "0"] =
    /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${box.pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}
