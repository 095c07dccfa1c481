import type { Logger, Random, Timers } from "../../core/ports.ts";
import type { JoinHandler } from "./join-protocol.ts";
import type { HostOptions } from "./libp2p-host.ts";
import type { Member, Transport, Unsubscribe } from "./transport.ts";

export interface TransportOptions extends HostOptions {
  readonly members: readonly Member[];
  /** Multiaddrs at which any of the members may be. */
  readonly bootstrap?: readonly string[];
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Milliseconds since 1970, to tell people since when a link is up. */
  readonly wallClock: () => number;
}

/** The real transport, and what only the daemon needs of it. */
export interface MeshTransport extends Transport {
  /** Lets peers that are no members connect to the join protocol, as long as an invitation is open. */
  allowJoiners(on: boolean): void;
  onJoinRequest(handler: JoinHandler): Unsubscribe;
  /** Frames that no listener could use, since the start. */
  readonly badFrames: number;
}
