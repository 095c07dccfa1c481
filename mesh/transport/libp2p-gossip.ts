import {
  StrictNoSign,
  type GossipSub,
  type GossipsubMessage,
  type GossipsubOpts,
} from "@libp2p/gossipsub";
import type { BoxId } from "../../core/ids.ts";
import type { Logger, Random } from "../../core/ports.ts";
import { GOSSIP_BUFFER_BYTES_MAX, GOSSIP_BYTES_MAX } from "./constants.ts";
import type { PublishListener, Unsubscribe } from "./transport.ts";

/** Random bytes in front of each message: its ID, so that equal data can be published twice. */
const MESSAGE_ID_BYTES = 12;
/** Room for the topic, the message ID and the envelope. */
const ENVELOPE_BYTES = 1024;
const TOPIC_PREFIX = "/hearth/";
/** How long a message ID is remembered, milliseconds: longer than a message can be under way. */
const SEEN_MS = 10_000;

/**
 * Every box sends to all boxes that it is linked with, and nobody passes on: in a full mesh that would
 * treble the packets. Whom no link to the maker leads to is served by the streams of the others.
 */
export function gossipOptions(): Partial<GossipsubOpts> {
  return {
    // Noise has authenticated every neighbour, and neighbours are members.
    globalSignaturePolicy: StrictNoSign,
    floodPublish: true,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    emitSelf: false,
    D: 0,
    Dlo: 0,
    Dhi: 0,
    Dout: 0,
    Dlazy: 0,
    Dscore: 0,
    gossipFactor: 0,
    seenTTL: SEEN_MS,
    idontwantMinDataSize: GOSSIP_BYTES_MAX + ENVELOPE_BYTES,
    maxInboundDataLength: GOSSIP_BYTES_MAX + ENVELOPE_BYTES,
    maxOutboundBufferSize: GOSSIP_BUFFER_BYTES_MAX,
    // Members are trusted to be members; scoring would only punish a box that was away.
    scoreParams: { behaviourPenaltyWeight: 0, IPColocationFactorWeight: 0 },
    msgIdFn: (message) => message.data.slice(0, MESSAGE_ID_BYTES),
  };
}

export interface GossipDeps {
  readonly random: Random;
  readonly logger: Logger;
  /** The member behind a peer ID, if it is one. */
  memberOf(peerId: string): BoxId | undefined;
}

/** Best-effort broadcast over gossipsub. */
export class Gossip {
  private readonly pubsub: GossipSub;
  private readonly deps: GossipDeps;
  private readonly listeners = new Map<string, Set<PublishListener>>();
  private running = false;

  constructor(pubsub: GossipSub, deps: GossipDeps) {
    this.pubsub = pubsub;
    this.deps = deps;
    pubsub.addEventListener("gossipsub:message", (event) => this.receive(event.detail));
  }

  publish(topic: string, data: Uint8Array): void {
    if (data.length > GOSSIP_BYTES_MAX) {
      this.deps.logger.debug({ topic, bytes: data.length }, "too big for gossip");
      return;
    }
    const message = Buffer.concat([this.deps.random.bytes(MESSAGE_ID_BYTES), data]);
    this.pubsub.publish(TOPIC_PREFIX + topic, message).catch((error: unknown) => {
      this.deps.logger.debug({ topic, err: error }, "gossip failed");
    });
  }

  on(topic: string, listener: PublishListener): Unsubscribe {
    const listeners = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, listeners.add(listener));
    if (this.running) this.pubsub.subscribe(TOPIC_PREFIX + topic);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Call once the host runs. */
  start(): void {
    this.running = true;
    for (const topic of this.listeners.keys()) this.pubsub.subscribe(TOPIC_PREFIX + topic);
  }

  private receive({ propagationSource, msg }: GossipsubMessage): void {
    const from = this.deps.memberOf(propagationSource.toString());
    if (from === undefined || !msg.topic.startsWith(TOPIC_PREFIX)) return;
    const topic = msg.topic.slice(TOPIC_PREFIX.length);
    const data = msg.data.subarray(MESSAGE_ID_BYTES);
    for (const listener of this.listeners.get(topic) ?? []) {
      try {
        listener(from, data);
      } catch (error) {
        this.deps.logger.warn({ box: from, topic, err: error }, "gossip listener failed");
      }
    }
  }
}
