import type { Stream } from "@libp2p/interface";
import { FETCH_BUFFER_BYTES_MAX, PARCEL_BYTES_MAX } from "./constants.ts";
import { TransportError } from "./transport.ts";

/** Resolves when the stream takes more bytes; rejects when it closes or the signal fires. */
export async function drained(stream: Stream, signal: AbortSignal): Promise<void> {
  while (stream.writableNeedsDrain) {
    await nextDrain(stream, signal);
  }
}

/** Writes all bytes at the pace of the other side. */
export async function writeAll(
  stream: Stream,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += PARCEL_BYTES_MAX) {
    signal.throwIfAborted();
    if (stream.status !== "open") throw lost();
    stream.send(bytes.subarray(offset, offset + PARCEL_BYTES_MAX));
    await drained(stream, signal);
  }
}

/**
 * The bytes of a stream as they arrive; pauses the sender while `FETCH_BUFFER_BYTES_MAX` wait here.
 * Ends when the other side closes its end, which a broken connection can look like too: the caller's
 * protocol must say where its data ends. Throws when the stream is reset or the signal fires.
 */
export async function* readBytes(stream: Stream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let waiting = 0;
  let wake: () => void = () => {};
  const onMessage = (event: { data: { subarray(): Uint8Array } }): void => {
    const chunk = event.data.subarray();
    chunks.push(chunk);
    waiting += chunk.length;
    if (waiting > FETCH_BUFFER_BYTES_MAX && stream.readStatus === "readable") stream.pause();
    wake();
  };
  const onChange = (): void => wake();
  stream.addEventListener("end", onChange);
  stream.addEventListener("close", onChange);
  signal.addEventListener("abort", onChange);
  stream.addEventListener("message", onMessage);
  try {
    for (;;) {
      signal.throwIfAborted();
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        waiting -= chunk.length;
        yield chunk;
      } else if (stream.readStatus === "paused") {
        stream.resume();
      } else if (stream.status === "aborted" || stream.status === "reset") {
        throw lost();
      } else if (stream.readableEnded || stream.status === "closed") {
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    stream.removeEventListener("message", onMessage);
    stream.removeEventListener("end", onChange);
    stream.removeEventListener("close", onChange);
    signal.removeEventListener("abort", onChange);
  }
}

function nextDrain(stream: Stream, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (stream.status !== "open") throw lost();
  return new Promise((resolve, reject) => {
    const done = (finish: () => void) => () => {
      stream.removeEventListener("drain", onDrain);
      stream.removeEventListener("close", onClose);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const onDrain = done(resolve);
    const onClose = done(() => reject(lost()));
    const onAbort = done(() => reject(signal.reason as Error));
    stream.addEventListener("drain", onDrain);
    stream.addEventListener("close", onClose);
    signal.addEventListener("abort", onAbort);
  });
}

function lost(): TransportError {
  return new TransportError("link_down", "The connection was lost");
}
