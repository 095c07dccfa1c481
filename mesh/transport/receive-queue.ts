import {
  FRAME_BYTES_MAX,
  NAME_CHARS_MAX,
  PARCEL_OVERHEAD_BYTES,
  RECEIVE_WINDOW_BYTES,
} from "./constants.ts";
import { TransportError } from "./transport.ts";

/** Bytes of a frame on the wire: the largest body, the longest channel name and its length. */
const FRAME_WIRE_BYTES_MAX = FRAME_BYTES_MAX + NAME_CHARS_MAX + 1;
/** Credit is given back in steps of this size, so that it costs few parcels. */
const CREDIT_STEP_BYTES = RECEIVE_WINDOW_BYTES / 8;

interface Received {
  readonly bytes: Uint8Array;
  readonly cost: number;
}

/**
 * Puts parcels back together and delivers whole frames one after the other. What is unprocessed never
 * exceeds the receive window: a member that sends more than its credit has broken the protocol.
 */
export class ReceiveQueue {
  private readonly deliver: (frame: Uint8Array) => void | Promise<void>;
  private readonly giveCredit: (bytes: number) => void;
  private parts: Uint8Array[] = [];
  private partsBytes = 0;
  private partsCost = 0;
  private readonly inbox: Received[] = [];
  private unprocessed = 0;
  private owedCredit = 0;
  private delivering = false;

  /** `deliver` must not throw or reject. */
  constructor(
    deliver: (frame: Uint8Array) => void | Promise<void>,
    giveCredit: (bytes: number) => void,
  ) {
    this.deliver = deliver;
    this.giveCredit = giveCredit;
  }

  /** Throws a `protocol` TransportError when the sender exceeds its window or the frame limit. */
  push(part: Uint8Array, last: boolean): void {
    const cost = part.length + PARCEL_OVERHEAD_BYTES;
    this.unprocessed += cost;
    this.partsCost += cost;
    this.partsBytes += part.length;
    if (this.unprocessed > RECEIVE_WINDOW_BYTES) {
      throw new TransportError("protocol", "Sent more than the window allows");
    }
    if (this.partsBytes > FRAME_WIRE_BYTES_MAX) {
      throw new TransportError("protocol", "A frame is over the limit");
    }
    this.parts.push(part);
    if (!last) return;
    const bytes = this.parts.length === 1 ? part : Buffer.concat(this.parts, this.partsBytes);
    this.inbox.push({ bytes, cost: this.partsCost });
    this.parts = [];
    this.partsBytes = 0;
    this.partsCost = 0;
    if (!this.delivering) void this.drain();
  }

  /** Drops what waits: the link is gone, so its frames may as well never have arrived. */
  close(): void {
    this.inbox.length = 0;
  }

  private async drain(): Promise<void> {
    this.delivering = true;
    for (let next = this.inbox.shift(); next !== undefined; next = this.inbox.shift()) {
      const settled = this.deliver(next.bytes);
      if (settled !== undefined) await settled;
      this.processed(next.cost);
    }
    this.delivering = false;
  }

  private processed(cost: number): void {
    this.unprocessed -= cost;
    this.owedCredit += cost;
    if (this.owedCredit < CREDIT_STEP_BYTES) return;
    this.giveCredit(this.owedCredit);
    this.owedCredit = 0;
  }
}
