import type { Stream } from "@libp2p/interface";
import type { BoxId } from "../../core/ids.ts";
import {
  NAME_CHARS_MAX,
  PROTOCOL_REQUEST,
  REQUEST_BYTES_MAX,
  REQUEST_SERVE_MS,
} from "./constants.ts";
import { Deadline } from "./deadline.ts";
import {
  asExchangeError,
  closeQuietly,
  decodeFailure,
  encodeFailure,
  ExchangeKind,
  type ExchangeDeps,
} from "./exchange.ts";
import { checkName, decodeNamed, encodeNamed } from "./named-bytes.ts";
import { encodeParcels, ParcelDecoder, type Parcel } from "./parcel.ts";
import { readBytes, writeAll } from "./stream-io.ts";
import { TransportError, type RequestHandler, type Unsubscribe } from "./transport.ts";

/** Bytes of a question: the largest body, the longest name and its length. */
const PARCEL_MAX = REQUEST_BYTES_MAX + NAME_CHARS_MAX + 1;

/** One question and one answer on a stream of its own. */
export class Requests {
  private readonly deps: ExchangeDeps;
  private readonly handlers = new Map<string, RequestHandler>();

  constructor(deps: ExchangeDeps) {
    this.deps = deps;
  }

  on(method: string, handler: RequestHandler): Unsubscribe {
    checkName(method);
    this.handlers.set(method, handler);
    return () => {
      if (this.handlers.get(method) === handler) this.handlers.delete(method);
    };
  }

  async request(
    box: BoxId,
    method: string,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<Uint8Array> {
    if (body.length > REQUEST_BYTES_MAX) {
      throw new TransportError("too_large", `A request of ${body.length} bytes is over the limit`);
    }
    const call = encodeParcels([{ kind: ExchangeKind.call, body: encodeNamed(method, body) }]);
    const deadline = new Deadline(this.deps.timers, timeoutMs);
    const { signal } = deadline;
    let stream: Stream | undefined;
    try {
      stream = await this.deps.openStream(box, PROTOCOL_REQUEST, signal);
      await writeAll(stream, call, signal);
      const answer = answerOf(await firstParcel(stream, signal, () => this.deps.heard(box)));
      void closeQuietly(stream, signal);
      return answer;
    } catch (error) {
      const failure = signal.aborted ? (signal.reason as TransportError) : asExchangeError(error);
      stream?.abort(failure);
      throw failure;
    } finally {
      deadline.cancel();
    }
  }

  /** Answers one stream that a member opened. Never rejects. */
  async serve(stream: Stream, from: BoxId): Promise<void> {
    const deadline = new Deadline(this.deps.timers, REQUEST_SERVE_MS);
    const { signal } = deadline;
    try {
      const call = await firstParcel(stream, signal, () => this.deps.heard(from));
      await writeAll(stream, encodeParcels([await this.answer(from, call)]), signal);
      await closeQuietly(stream, signal);
    } catch (error) {
      stream.abort(asExchangeError(error));
    } finally {
      deadline.cancel();
    }
  }

  private async answer(from: BoxId, call: Parcel): Promise<Parcel> {
    const named = call.kind === ExchangeKind.call ? decodeNamed(call.body) : undefined;
    if (named === undefined) throw new TransportError("protocol", "Not a call");
    const handler = this.handlers.get(named.name);
    try {
      if (handler === undefined) throw new TransportError("unknown_method", "Unknown method");
      const body = await handler(from, named.bytes);
      if (body.length > REQUEST_BYTES_MAX) {
        throw new TransportError("too_large", "The answer is over the limit");
      }
      return { kind: ExchangeKind.answer, body };
    } catch (error) {
      this.deps.logger.warn({ box: from, method: named.name, err: error }, "request failed");
      return { kind: ExchangeKind.failure, body: encodeFailure(error) };
    }
  }
}

async function firstParcel(
  stream: Stream,
  signal: AbortSignal,
  heard: () => void,
): Promise<Parcel> {
  const decoder = new ParcelDecoder(PARCEL_MAX);
  for await (const bytes of readBytes(stream, signal)) {
    heard();
    for (const parcel of decoder.push(bytes)) return parcel;
  }
  throw new TransportError("link_down", "The stream ended early");
}

function answerOf(parcel: Parcel): Uint8Array {
  if (parcel.kind === ExchangeKind.failure) throw decodeFailure(parcel.body);
  if (parcel.kind !== ExchangeKind.answer) throw new TransportError("protocol", "Not an answer");
  return parcel.body;
}
