import type { BoxId } from "../../core/ids.ts";

/** A short name under which frames are told apart on one link, `[a-z0-9-]{1,32}`. */
export type Channel = string;

/** A box that may take part in the mesh. */
export interface Member {
  readonly box: BoxId;
  /** libp2p peer ID in its text form (`12D3Koo…`). */
  readonly peerId: string;
  /** Remembered multiaddrs; entries that do not parse are passed over. */
  readonly addresses: readonly string[];
}

export interface PeerLink {
  readonly box: BoxId;
  readonly address: string;
  /** Wall clock, milliseconds. */
  readonly since: number;
}

export interface LinkEvent {
  readonly kind: "up" | "down";
  readonly box: BoxId;
  readonly address: string;
}

/** Undoes a subscription; calling it again does nothing. */
export type Unsubscribe = () => void;

export type FrameListener = (from: BoxId, frame: Uint8Array) => void | Promise<void>;
export type RequestHandler = (from: BoxId, body: Uint8Array) => Promise<Uint8Array>;
export type FetchHandler = (from: BoxId, body: Uint8Array) => AsyncIterable<Uint8Array>;
export type PublishListener = (from: BoxId, data: Uint8Array) => void;

export interface TimeoutOptions {
  readonly timeoutMs: number;
}

/** What the replica needs of the network. All failures are `TransportError`. */
export interface Transport {
  readonly self: BoxId;
  start(): Promise<void>;
  /** Takes every link down, then closes the host. */
  stop(): Promise<void>;

  /** Members connected now. */
  links(): readonly PeerLink[];
  /**
   * Exactly one event for each change of a member's link; before it returns, also one for each link that
   * is up already.
   */
  onLink(listener: (event: LinkEvent) => void): Unsubscribe;

  /**
   * Hands an ordered, reliable frame to the link; resolves once the network has taken it all, which
   * waits while the other side is slow. Rejects with `link_down`, `queue_full` or `too_large`.
   * A frame whose promise resolved is lost all the same when the link then fails.
   */
  send(box: BoxId, channel: Channel, frame: Uint8Array): Promise<void>;
  /**
   * One listener for each channel. A promise it returns holds back the next frame of that member, and
   * in the end its sender; it must not wait for a `send` to the same member. What it throws is logged
   * and counted, never passed on.
   */
  onFrame(channel: Channel, listener: FrameListener): Unsubscribe;

  /** One question, one answer, on a stream of its own. `timeoutMs` covers the whole exchange. */
  request(box: BoxId, method: string, body: Uint8Array, opts: TimeoutOptions): Promise<Uint8Array>;
  /** A `refused` TransportError that the handler throws reaches the asker with its message. */
  onRequest(method: string, handler: RequestHandler): Unsubscribe;

  /** Best-effort broadcast to all members; oversized data and a failing network are only logged. */
  publish(topic: string, data: Uint8Array): void;
  /** `from` is the member that handed the message over, which need not be the one that made it. */
  onPublish(topic: string, listener: PublishListener): Unsubscribe;

  /**
   * A big answer in chunks. `timeoutMs` is the longest silence of the other side, not the whole
   * transfer. A reader that takes nothing for 30 s loses it.
   */
  fetchStream(
    box: BoxId,
    method: string,
    body: Uint8Array,
    opts: TimeoutOptions,
  ): AsyncIterable<Uint8Array>;
  onFetchStream(method: string, handler: FetchHandler): Unsubscribe;

  /** Own dialable multiaddrs. */
  addresses(): string[];
  /** Replaces the member list; a member no longer in it is cut off and refused at once. */
  setMembers(members: readonly Member[]): void;
  /** Drill: cuts all mesh links and refuses new ones until switched off. */
  isolate(on: boolean): void;
}

export type TransportErrorCode =
  | "link_down"
  | "queue_full"
  | "too_large"
  | "timeout"
  | "unknown_method"
  | "handler_failed"
  | "refused"
  | "protocol";

/** A failure of the network or of the other side. `code` is the stable part. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
