import type { Stream } from "@libp2p/interface";
import type { BoxId } from "../../core/ids.ts";
import {
  FETCH_STALL_MS,
  NAME_CHARS_MAX,
  PARCEL_BYTES_MAX,
  PROTOCOL_FETCH,
  REQUEST_BYTES_MAX,
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
import { encodeParcels, ParcelDecoder } from "./parcel.ts";
import { readBytes, writeAll } from "./stream-io.ts";
import { TransportError, type FetchHandler, type Unsubscribe } from "./transport.ts";

/** Bytes of a question: the largest body, the longest name and its length. */
const CALL_BYTES_MAX = REQUEST_BYTES_MAX + NAME_CHARS_MAX + 1;
const NOTHING = new Uint8Array(0);

/** Big answers, streamed in chunks at the reader's pace, with an explicit end. */
export class Fetches {
  private readonly deps: ExchangeDeps;
  private readonly handlers = new Map<string, FetchHandler>();

  constructor(deps: ExchangeDeps) {
    this.deps = deps;
  }

  on(method: string, handler: FetchHandler): Unsubscribe {
    checkName(method);
    this.handlers.set(method, handler);
    return () => {
      if (this.handlers.get(method) === handler) this.handlers.delete(method);
    };
  }

  async *fetch(
    box: BoxId,
    method: string,
    body: Uint8Array,
    silenceMs: number,
  ): AsyncGenerator<Uint8Array> {
    if (body.length > REQUEST_BYTES_MAX) {
      throw new TransportError("too_large", `A request of ${body.length} bytes is over the limit`);
    }
    const call = encodeParcels([{ kind: ExchangeKind.call, body: encodeNamed(method, body) }]);
    const deadline = new Deadline(this.deps.timers, silenceMs);
    const { signal } = deadline;
    let stream: Stream | undefined;
    let ended = false;
    try {
      stream = await this.deps.openStream(box, PROTOCOL_FETCH, signal);
      await writeAll(stream, call, signal);
      const decoder = new ParcelDecoder(PARCEL_BYTES_MAX);
      for await (const bytes of readBytes(stream, signal)) {
        this.deps.heard(box);
        for (const { kind, body: chunk } of decoder.push(bytes)) {
          if (kind === ExchangeKind.failure) throw decodeFailure(chunk);
          if (kind === ExchangeKind.end) {
            ended = true;
            return;
          }
          if (kind !== ExchangeKind.chunk) throw new TransportError("protocol", "Not a chunk");
          // Silence is the other side's fault only: the reader may take its time.
          deadline.cancel();
          yield chunk;
        }
        deadline.extend();
      }
      throw new TransportError("link_down", "The stream ended early");
    } catch (error) {
      throw signal.aborted ? (signal.reason as TransportError) : asExchangeError(error);
    } finally {
      deadline.cancel();
      if (ended && stream !== undefined) void closeQuietly(stream, signal);
      else stream?.abort(new TransportError("link_down", "The fetch was given up"));
    }
  }

  /** Answers one stream that a member opened. Never rejects. */
  async serve(stream: Stream, from: BoxId): Promise<void> {
    const deadline = new Deadline(this.deps.timers, FETCH_STALL_MS);
    try {
      const call = await readCall(stream, deadline.signal);
      await this.answer(stream, from, call, deadline);
      await closeQuietly(stream, deadline.signal);
    } catch (error) {
      stream.abort(asExchangeError(error));
    } finally {
      deadline.cancel();
    }
  }

  private async answer(
    stream: Stream,
    from: BoxId,
    call: { readonly name: string; readonly bytes: Uint8Array },
    deadline: Deadline,
  ): Promise<void> {
    const write = async (kind: number, body: Uint8Array): Promise<void> => {
      deadline.extend();
      await writeAll(stream, encodeParcels([{ kind, body }]), deadline.signal);
    };
    const handler = this.handlers.get(call.name);
    try {
      if (handler === undefined) throw new TransportError("unknown_method", "Unknown method");
      for await (const chunk of handler(from, call.bytes)) {
        for (let offset = 0; offset < chunk.length; offset += PARCEL_BYTES_MAX) {
          await write(ExchangeKind.chunk, chunk.subarray(offset, offset + PARCEL_BYTES_MAX));
        }
      }
      await write(ExchangeKind.end, NOTHING);
    } catch (error) {
      if (stream.status !== "open" || deadline.signal.aborted) throw error;
      this.deps.logger.warn({ box: from, method: call.name, err: error }, "fetch failed");
      await write(ExchangeKind.failure, encodeFailure(error));
    }
  }
}

async function readCall(
  stream: Stream,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  const decoder = new ParcelDecoder(CALL_BYTES_MAX);
  for await (const bytes of readBytes(stream, signal)) {
    for (const { kind, body } of decoder.push(bytes)) {
      const named = kind === ExchangeKind.call ? decodeNamed(body) : undefined;
      if (named === undefined) throw new TransportError("protocol", "Not a call");
      return named;
    }
  }
  throw new TransportError("link_down", "The stream ended early");
}
