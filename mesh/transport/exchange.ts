import type { Stream } from "@libp2p/interface";
import type { BoxId } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import { TransportError, type TransportErrorCode } from "./transport.ts";

/** What requests and fetches need of the host. */
export interface ExchangeDeps {
  readonly timers: Timers;
  readonly logger: Logger;
  /** Opens a stream on the member's link; rejects with `link_down` when there is none. */
  openStream(box: BoxId, protocol: string, signal: AbortSignal): Promise<Stream>;
  /** Bytes of this member arrived. */
  heard(box: BoxId): void;
}

/** Parcels of requests and fetches. A call is named bytes; a failure is `code U+0020 message`. */
export const ExchangeKind = { call: 1, answer: 2, failure: 3, chunk: 4, end: 5 } as const;

/** Longest failure text taken from the other side, characters. */
const FAILURE_CHARS_MAX = 512;
const PASSED_ON: readonly TransportErrorCode[] = ["refused", "too_large", "unknown_method"];

/** What the other side may know about a failure here: a code, and a message only where it was meant. */
export function encodeFailure(error: unknown): Uint8Array {
  const known = error instanceof TransportError && PASSED_ON.includes(error.code);
  return Buffer.from(known ? `${error.code} ${error.message}` : "handler_failed The box failed");
}

export function decodeFailure(body: Uint8Array): TransportError {
  const text = Buffer.from(body).toString("utf8").slice(0, FAILURE_CHARS_MAX);
  const code = PASSED_ON.find((known) => text.startsWith(`${known} `));
  return code === undefined
    ? new TransportError("handler_failed", "The other box failed")
    : new TransportError(code, text.slice(code.length + 1));
}

/** Every failure of an exchange as a TransportError: what libp2p throws means that the link failed. */
export function asExchangeError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  if (error instanceof Error && error.name === "TooManyOutboundProtocolStreamsError") {
    return new TransportError("queue_full", "Too many exchanges with this box", error);
  }
  return new TransportError("link_down", "The connection failed", error);
}

/** Closes our end; a stream that cannot close in time is reset. Never rejects. */
export async function closeQuietly(stream: Stream, signal: AbortSignal): Promise<void> {
  try {
    await stream.close({ signal });
  } catch (error) {
    stream.abort(asExchangeError(error));
  }
}
