import { multiaddr } from "@multiformats/multiaddr";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  PROTOCOL_FETCH,
  PROTOCOL_KAD,
  PROTOCOL_LINK,
  PROTOCOL_REQUEST,
} from "../../../mesh/transport/constants.ts";
import { createHost, type Host } from "../../../mesh/transport/libp2p-host.ts";
import type { MeshTransport } from "../../../mesh/transport/mesh-transport.ts";
import { LINK_VERSION, LinkKind } from "../../../mesh/transport/link-protocol.ts";
import { encodeNamed } from "../../../mesh/transport/named-bytes.ts";
import { encodeParcels } from "../../../mesh/transport/parcel.ts";
import {
  bytes,
  createNode,
  linkedTo,
  memberOf,
  nextLink,
  realRandom,
  sortedKeys,
} from "./support.ts";

const psk = realRandom.bytes(32);
const [bad, good, honest] = sortedKeys(3) as [PeerKeys, PeerKeys, PeerKeys];
type PeerKeys = ReturnType<typeof sortedKeys>[number];

let victim: MeshTransport;
let friend: MeshTransport;
let rogue: Host;

beforeEach(async () => {
  victim = await createNode({ keys: good, psk });
  friend = await createNode({ keys: honest, psk });
  await Promise.all([victim.start(), friend.start()]);
  const members = [
    memberOf(good, victim),
    memberOf(honest, friend),
    { box: bad.box, peerId: bad.peerId, addresses: [] },
  ];
  victim.setMembers(members);
  friend.setMembers(members);
  await linkedTo(victim, 1);
  // A member by its key, with the lowest box ID so that it is the one to open links.
  const options = { keys: bad, psk, listen: [], announce: [], mdns: false };
  const everyone = { isolated: () => false, isMember: () => true, admitsJoiner: () => true };
  rogue = await createHost(options, everyone);
  await rogue.start();
});
afterEach(async () => {
  await Promise.all([victim.stop(), friend.stop(), rogue.stop()]);
});

const hello = { kind: LinkKind.hello, body: Uint8Array.of(LINK_VERSION) };

async function openLink() {
  const connection = await rogue.dial(multiaddr(victim.addresses()[0]!));
  const stream = await connection.newStream(PROTOCOL_LINK);
  const closed = new Promise<void>((resolve) => stream.addEventListener("close", () => resolve()));
  return { stream, closed };
}

async function expectHealthy(): Promise<void> {
  victim.onRequest("echo", (_, body) => Promise.resolve(body));
  const answer = await friend.request(victim.self, "echo", bytes("fine"), { timeoutMs: 5_000 });
  expect(Buffer.from(answer).toString()).toBe("fine");
  expect(victim.links().map(({ box }) => box)).toContain(friend.self);
}

describe("mesh: a member that sends garbage (N=3)", () => {
  test("well-formed frames with useless content are counted, and the link stays", async () => {
    victim.onFrame("strict", () => {
      throw new Error("not what I expect");
    });
    const up = nextLink(victim, "up", bad.box);
    const { stream } = await openLink();
    stream.send(encodeParcels([hello]));
    await up;
    const garbage = [
      encodeNamed("strict", bytes("?")),
      encodeNamed("unheard-of", bytes("?")),
      bytes(""),
    ];
    stream.send(encodeParcels(garbage.map((body) => ({ kind: LinkKind.frameEnd, body }))));
    await vi.waitFor(() => expect(victim.badFrames).toBe(3), 10_000);
    expect(stream.status).toBe("open");
    await expectHealthy();
  });

  test.each([
    ["random bytes instead of a hello", realRandom.bytes(10_000)],
    ["a hello of another version", encodeParcels([{ kind: LinkKind.hello, body: bytes("~") }])],
    ["frames before the hello", encodeParcels([{ kind: LinkKind.frameEnd, body: bytes("x") }])],
    ["an unknown parcel", encodeParcels([hello, { kind: 99, body: bytes("x") }])],
    [
      "a parcel that claims 4 GiB",
      Uint8Array.from([...encodeParcels([hello]), 3, 255, 255, 255, 255]),
    ],
    [
      "credit out of nothing",
      encodeParcels([hello, { kind: LinkKind.credit, body: bytes("1234") }]),
    ],
  ])("%s ends its own link only", async (_, content) => {
    const { stream, closed } = await openLink();
    stream.send(content);
    await closed;
    expect(victim.links().map(({ box }) => box)).not.toContain(bad.box);
    await expectHealthy();
  });

  test("a second link of a member that has one ends both", async () => {
    const first = await openLink();
    const up = nextLink(victim, "up", bad.box);
    first.stream.send(encodeParcels([hello]));
    await up;
    const down = nextLink(victim, "down", bad.box);
    const connection = await rogue.dial(multiaddr(victim.addresses()[0]!), { force: true });
    const second = await connection.newStream(PROTOCOL_LINK);
    await Promise.all([down, first.closed]);
    await vi.waitFor(() => expect(second.status).not.toBe("open"), 10_000);
    await expectHealthy();
  });

  test("random bytes on every other protocol get no answer and do no harm", async () => {
    const connection = await rogue.dial(multiaddr(victim.addresses()[0]!));
    for (const protocol of [PROTOCOL_REQUEST, PROTOCOL_FETCH, PROTOCOL_KAD, "/meshsub/1.2.0"]) {
      const stream = await connection.newStream(protocol);
      stream.send(realRandom.bytes(100_000));
      await stream.close().catch(() => {});
    }
    await expectHealthy();
    expect(victim.badFrames).toBe(0);
  });
});
