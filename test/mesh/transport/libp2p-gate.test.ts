import type { ConnectionGater, MultiaddrConnection } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { describe, expect, test } from "vitest";
import { connectionGater } from "../../../mesh/transport/libp2p-gate.ts";
import { sortedKeys } from "./support.ts";

const [member, stranger] = sortedKeys(2).map(({ peerId }) => peerIdFromString(peerId)) as [
  PeerId,
  PeerId,
];
type PeerId = ReturnType<typeof peerIdFromString>;
const socket = {} as MultiaddrConnection;

function gater(now: { isolated?: boolean; joiner?: boolean } = {}): ConnectionGater {
  return connectionGater({
    isolated: () => now.isolated === true,
    isMember: (peerId) => peerId === member.toString(),
    admitsJoiner: () => now.joiner === true,
  });
}

/** Which of the gater's questions about a peer are answered with a refusal. */
function refusals(of: ConnectionGater, peer: PeerId): string[] {
  const answers = {
    inSecured: of.denyInboundEncryptedConnection?.(peer, socket),
    inUpgraded: of.denyInboundUpgradedConnection?.(peer, socket),
    outDial: of.denyDialPeer?.(peer),
    outConnected: of.denyOutboundConnection?.(peer, socket),
    outSecured: of.denyOutboundEncryptedConnection?.(peer, socket),
    outUpgraded: of.denyOutboundUpgradedConnection?.(peer, socket),
  };
  return Object.entries(answers).flatMap(([name, refused]) => (refused === true ? [name] : []));
}

const OUT = ["outDial", "outConnected", "outSecured", "outUpgraded"];
const ALL = ["inSecured", "inUpgraded", ...OUT];

describe("the gate", () => {
  test("lets members pass both ways", () => {
    expect(refusals(gater(), member)).toEqual([]);
    expect(gater().denyInboundConnection?.(socket)).toBe(false);
  });

  test("refuses strangers at every step, both ways", () => {
    expect(refusals(gater(), stranger)).toEqual(ALL);
  });

  test("lets a joiner in, but never dials one", () => {
    expect(refusals(gater({ joiner: true }), stranger)).toEqual(OUT);
  });

  test("refuses everyone while isolated, before a single byte", () => {
    const isolated = gater({ isolated: true, joiner: true });
    expect(refusals(isolated, member)).toEqual(ALL);
    expect(refusals(isolated, stranger)).toEqual(ALL);
    expect(isolated.denyInboundConnection?.(socket)).toBe(true);
    expect(isolated.denyDialMultiaddr?.(multiaddr("/ip4/10.0.0.1/tcp/1"))).toBe(true);
  });
});
