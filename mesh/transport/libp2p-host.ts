import { createHash } from "node:crypto";
import { noise } from "@chainsafe/libp2p-noise";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import { gossipsub, type GossipSub } from "@libp2p/gossipsub";
import { identify, type Identify } from "@libp2p/identify";
import type { ConnectionGater, Libp2p, PeerDiscovery, ServiceMap } from "@libp2p/interface";
import type { Registrar } from "@libp2p/interface-internal";
import { kadDHT, passthroughMapper, type KadDHT } from "@libp2p/kad-dht";
import type { MulticastDNSComponents } from "@libp2p/mdns";
import { ping, type Ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import {
  DIAL_ADDRESS_MS,
  DIAL_MS,
  INBOUND_PENDING_MAX,
  INBOUND_PER_SECOND_MAX,
  INBOUND_UPGRADE_MS,
  PROTOCOL_KAD,
  SOCKET_SILENCE_MS,
  STREAM_WINDOW_BYTES,
} from "./constants.ts";
import type { PeerKeys } from "./identity.ts";
import { connectionGater, membersOnly, type GatePolicy } from "./libp2p-gate.ts";
import { gossipOptions } from "./libp2p-gossip.ts";
import { noiseCrypto } from "./noise-crypto.ts";

/** Bytes of the key that every box of one mesh shares. */
export const PSK_BYTES = 32;
/** Well under the socket's limit on silence, milliseconds. */
const MUXER_KEEPALIVE_MS = 10_000;
const TAG_BYTES = 5;

export interface HostOptions {
  readonly keys: PeerKeys;
  /** The mesh's pre-shared key, 32 bytes. */
  readonly psk: Uint8Array;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Multiaddrs to tell others besides those we listen on, e.g. of a port forward. */
  readonly announce: readonly string[];
  readonly mdns: boolean;
}

interface Services extends ServiceMap {
  readonly identify: Identify;
  readonly ping: Ping;
  readonly gossip: GossipSub;
  readonly dht: KadDHT;
}

export type Host = Libp2p<Services>;

/** The libp2p host of a box: noise over TCP under a pre-shared key, for members only. */
export async function createHost(options: HostOptions, policy: GatePolicy): Promise<Host> {
  const guarded = <C extends { registrar: Registrar }>(components: C): C =>
    Object.create(components, {
      registrar: { value: membersOnly(components.registrar, policy) },
    }) as C;
  const identifyFor = identify({ protocolPrefix: "hearth" });
  const pingFor = ping({ protocolPrefix: "hearth" });
  const gossipFor = gossipsub(gossipOptions());
  const dhtFor = kadDHT({
    protocol: PROTOCOL_KAD,
    clientMode: false,
    // Boxes live behind home routers: their private addresses are the ones that matter.
    peerInfoMapper: passthroughMapper,
  });
  return createLibp2p<Services>({
    ...common(options.keys, options.psk, connectionGater(policy)),
    start: false,
    addresses: { listen: [...options.listen], appendAnnounce: [...options.announce] },
    peerDiscovery: options.mdns ? [await multicastDiscovery(options.psk)] : [],
    services: {
      identify: (components) => identifyFor(guarded(components)),
      ping: (components) => pingFor(guarded(components)),
      gossip: (components) => gossipFor(guarded(components)),
      dht: (components) => dhtFor(guarded(components)),
    },
  });
}

/** A host that only dials: what a joiner has before it is a member. */
export function createJoinerHost(
  keys: PeerKeys,
  psk: Uint8Array,
  inviterPeerId: string,
): Promise<Libp2p> {
  const policy: GatePolicy = {
    isolated: () => false,
    isMember: (peerId) => peerId === inviterPeerId,
    admitsJoiner: () => false,
  };
  return createLibp2p({ ...common(keys, psk, connectionGater(policy)), addresses: { listen: [] } });
}

function common(keys: PeerKeys, psk: Uint8Array, gater: ConnectionGater) {
  return {
    privateKey: privateKeyFromRaw(keys.secretKey),
    transports: [
      tcp({
        inboundSocketInactivityTimeout: SOCKET_SILENCE_MS,
        outboundSocketInactivityTimeout: SOCKET_SILENCE_MS,
        listenOpts: { noDelay: true, keepAlive: true },
      }),
    ],
    connectionEncrypters: [noise({ crypto: noiseCrypto })],
    streamMuxers: [
      yamux({
        keepAliveInterval: MUXER_KEEPALIVE_MS,
        streamOptions: {
          initialStreamWindowSize: STREAM_WINDOW_BYTES,
          maxStreamWindowSize: STREAM_WINDOW_BYTES,
        },
      }),
    ],
    connectionProtector: preSharedKey({ psk: swarmKey(psk) }),
    connectionGater: gater,
    connectionManager: {
      addressDialTimeout: DIAL_ADDRESS_MS,
      dialTimeout: DIAL_MS,
      inboundConnectionThreshold: INBOUND_PER_SECOND_MAX,
      inboundUpgradeTimeout: INBOUND_UPGRADE_MS,
      maxIncomingPendingConnections: INBOUND_PENDING_MAX,
      // The caller's order stands: what worked or was learned last comes first.
      addressSorter: (): 0 => 0,
    },
    // The links have their own, faster pulse.
    connectionMonitor: { enabled: false },
  };
}

/** Loaded only when used: it is memory that a box without a LAN can do without. */
async function multicastDiscovery(
  psk: Uint8Array,
): Promise<(components: MulticastDNSComponents) => PeerDiscovery> {
  const { mdns } = await import("@libp2p/mdns");
  return mdns({ serviceTag: serviceTagOf(psk) });
}

/** One tag for each mesh, so that two meshes in one house do not see each other. */
export function serviceTagOf(psk: Uint8Array): string {
  const hash = createHash("sha256").update("hearth-mdns").update(psk).digest("hex");
  return `_hearth-${hash.slice(0, 2 * TAG_BYTES)}._udp.local`;
}

/** The text form of the key that `@libp2p/pnet` reads. */
function swarmKey(psk: Uint8Array): Uint8Array {
  if (psk.length !== PSK_BYTES) throw new Error(`The mesh key has ${psk.length} bytes, not 32`);
  return Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(psk).toString("hex")}`);
}
