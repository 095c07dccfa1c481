import type { Stream } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import type { Logger, Timers } from "../../core/ports.ts";
import {
  JOIN_ANSWER_BYTES_MAX,
  JOIN_REQUEST_BYTES_MAX,
  JOINER_STAY_MS,
  PROTOCOL_JOIN,
} from "./constants.ts";
import { Deadline } from "./deadline.ts";
import {
  asExchangeError,
  closeQuietly,
  decodeFailure,
  encodeFailure,
  ExchangeKind,
} from "./exchange.ts";
import type { PeerKeys } from "./identity.ts";
import { createJoinerHost } from "./libp2p-host.ts";
import { encodeParcels, ParcelDecoder, type Parcel } from "./parcel.ts";
import { readBytes, writeAll } from "./stream-io.ts";
import { TransportError } from "./transport.ts";

/** Answers a join request. A `refused` TransportError reaches the joiner with its message. */
export type JoinHandler = (peerId: string, body: Uint8Array) => Promise<Uint8Array>;

export interface JoinOptions {
  /** The identity the joiner will keep as a member. */
  readonly keys: PeerKeys;
  readonly psk: Uint8Array;
  readonly inviterPeerId: string;
  readonly addresses: readonly string[];
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  readonly timers: Timers;
}

/**
 * Asks the inviting box to be let in, from a host that lives only for this. Rejects with a
 * TransportError: `link_down` when no address works or the box does not expect us, `refused` with
 * the box's own words, `timeout`.
 */
export async function requestJoin(options: JoinOptions): Promise<Uint8Array> {
  const { keys, psk, inviterPeerId, timers, body } = options;
  const targets = options.addresses.map((address) => dialTarget(address, inviterPeerId));
  const host = await createJoinerHost(keys, psk, inviterPeerId);
  const deadline = new Deadline(timers, options.timeoutMs);
  const { signal } = deadline;
  try {
    const connection = await host.dial(targets, { signal });
    const stream = await connection.newStream(PROTOCOL_JOIN, { signal });
    await writeAll(stream, encodeParcels([{ kind: ExchangeKind.call, body }]), signal);
    const answer = await onlyParcel(stream, JOIN_ANSWER_BYTES_MAX, signal);
    if (answer.kind === ExchangeKind.failure) throw decodeFailure(answer.body);
    if (answer.kind !== ExchangeKind.answer) throw new TransportError("protocol", "Not an answer");
    await closeQuietly(stream, signal);
    return answer.body;
  } catch (error) {
    throw signal.aborted ? (signal.reason as TransportError) : asExchangeError(error);
  } finally {
    deadline.cancel();
    await host.stop();
  }
}

/** Answers one join stream. Never rejects. */
export async function serveJoin(
  stream: Stream,
  peerId: string,
  handler: JoinHandler | undefined,
  deps: { readonly timers: Timers; readonly logger: Logger },
): Promise<void> {
  const deadline = new Deadline(deps.timers, JOINER_STAY_MS);
  const { signal } = deadline;
  try {
    const call = await onlyParcel(stream, JOIN_REQUEST_BYTES_MAX, signal);
    if (call.kind !== ExchangeKind.call) throw new TransportError("protocol", "Not a call");
    const answer = await answerJoin(peerId, call.body, handler, deps.logger);
    await writeAll(stream, encodeParcels([answer]), signal);
    await closeQuietly(stream, signal);
  } catch (error) {
    stream.abort(asExchangeError(error));
  } finally {
    deadline.cancel();
  }
}

async function answerJoin(
  peerId: string,
  body: Uint8Array,
  handler: JoinHandler | undefined,
  logger: Logger,
): Promise<Parcel> {
  try {
    if (handler === undefined) throw new TransportError("refused", "Nobody is expected to join");
    return { kind: ExchangeKind.answer, body: await handler(peerId, body) };
  } catch (error) {
    logger.warn({ peerId, err: error }, "join failed");
    return { kind: ExchangeKind.failure, body: encodeFailure(error) };
  }
}

async function onlyParcel(stream: Stream, bytesMax: number, signal: AbortSignal): Promise<Parcel> {
  const decoder = new ParcelDecoder(bytesMax);
  for await (const bytes of readBytes(stream, signal)) {
    for (const parcel of decoder.push(bytes)) return parcel;
  }
  throw new TransportError("link_down", "The stream ended early");
}

function dialTarget(address: string, peerId: string): Multiaddr {
  const bare = multiaddr(address.replace(/\/p2p\/[^/]+$/, ""));
  return bare.encapsulate(`/p2p/${peerIdFromString(peerId).toString()}`);
}
