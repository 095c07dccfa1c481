import {
  FRAME_BYTES_MAX,
  PARCEL_BYTES_MAX,
  PARCEL_OVERHEAD_BYTES,
  RECEIVE_WINDOW_BYTES,
  SEND_QUEUE_BYTES_MAX,
  SEND_QUEUE_FRAMES_MAX,
} from "./constants.ts";
import { LinkKind } from "./link-protocol.ts";
import { encodeNamed } from "./named-bytes.ts";
import type { Parcel } from "./parcel.ts";
import { TransportError, type Channel } from "./transport.ts";

interface Waiting {
  readonly bytes: Uint8Array;
  readonly cost: number;
  sent: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Frames waiting for one link, cut into parcels within the credit that the other side gave. */
export class SendQueue {
  private readonly waiting: Waiting[] = [];
  private queuedBytes = 0;
  private credit = RECEIVE_WINDOW_BYTES;
  private closed: TransportError | undefined;

  /** Resolves when the last parcel of the frame was taken by `next`. */
  add(channel: Channel, frame: Uint8Array): Promise<void> {
    if (this.closed !== undefined) return Promise.reject(this.closed);
    if (frame.length > FRAME_BYTES_MAX) {
      return refuse("too_large", `A frame of ${frame.length} bytes is over the limit`);
    }
    const cost = frame.length + PARCEL_OVERHEAD_BYTES;
    const full = this.waiting.length >= SEND_QUEUE_FRAMES_MAX;
    if (full || this.queuedBytes + cost > SEND_QUEUE_BYTES_MAX) {
      return refuse("queue_full", "Too much waits for this box");
    }
    const bytes = encodeNamed(channel, frame);
    this.queuedBytes += cost;
    return new Promise((resolve, reject) => {
      this.waiting.push({ bytes, cost, sent: 0, resolve, reject });
    });
  }

  /** The other side processed this many bytes of ours. Throws when it claims more than it got. */
  grant(bytes: number): void {
    this.credit += bytes;
    if (this.credit > RECEIVE_WINDOW_BYTES) {
      throw new TransportError("protocol", "More credit than was used");
    }
  }

  /** Parcels to write next, about one packet's worth; empty when there is nothing or no credit. */
  next(): Parcel[] {
    const parcels: Parcel[] = [];
    let bytes = 0;
    let head = this.waiting[0];
    while (head !== undefined && bytes < PARCEL_BYTES_MAX) {
      const left = head.bytes.length - head.sent;
      const size = Math.min(left, PARCEL_BYTES_MAX);
      if (this.credit < size + PARCEL_OVERHEAD_BYTES) break;
      const body = head.bytes.subarray(head.sent, head.sent + size);
      parcels.push({ kind: size === left ? LinkKind.frameEnd : LinkKind.framePart, body });
      this.credit -= size + PARCEL_OVERHEAD_BYTES;
      bytes += size;
      head.sent += size;
      if (size === left) this.finishHead(head);
      head = this.waiting[0];
    }
    return parcels;
  }

  close(error: TransportError): void {
    this.closed ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.closed);
    this.queuedBytes = 0;
  }

  private finishHead(head: Waiting): void {
    this.waiting.shift();
    this.queuedBytes -= head.cost;
    head.resolve();
  }
}

function refuse(code: "too_large" | "queue_full", message: string): Promise<never> {
  return Promise.reject(new TransportError(code, message));
}
