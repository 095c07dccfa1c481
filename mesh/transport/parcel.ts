import { TransportError } from "./transport.ts";

/** The smallest unit on every stream of Hearth: kind (1 byte), length (4 bytes, big endian), body. */
export interface Parcel {
  readonly kind: number;
  readonly body: Uint8Array;
}

export const PARCEL_HEADER_BYTES = 5;
const EMPTY = new Uint8Array(0);

/** Several parcels in one buffer, so that small ones share a packet. */
export function encodeParcels(parcels: readonly Parcel[]): Uint8Array {
  const total = parcels.reduce((sum, { body }) => sum + PARCEL_HEADER_BYTES + body.length, 0);
  const bytes = Buffer.allocUnsafe(total);
  let offset = 0;
  for (const { kind, body } of parcels) {
    bytes.writeUInt8(kind, offset);
    bytes.writeUInt32BE(body.length, offset + 1);
    bytes.set(body, offset + PARCEL_HEADER_BYTES);
    offset += PARCEL_HEADER_BYTES + body.length;
  }
  return bytes;
}

/** Cuts a stream of bytes back into parcels. Holds at most one body of `bodyBytesMax`. */
export class ParcelDecoder {
  private readonly bodyBytesMax: number;
  private readonly header = Buffer.alloc(PARCEL_HEADER_BYTES);
  private headerFilled = 0;
  private body: Uint8Array = EMPTY;
  private bodyFilled = 0;

  constructor(bodyBytesMax: number) {
    this.bodyBytesMax = bodyBytesMax;
  }

  /** True between two parcels: a stream that ends here was not cut short. */
  get atBoundary(): boolean {
    return this.headerFilled === 0;
  }

  /** Throws a `protocol` TransportError on a length beyond the limit. Bodies are copies. */
  *push(bytes: Uint8Array): Generator<Parcel> {
    let offset = 0;
    while (offset < bytes.length || this.bodyComplete()) {
      if (this.headerFilled < PARCEL_HEADER_BYTES) {
        const take = Math.min(PARCEL_HEADER_BYTES - this.headerFilled, bytes.length - offset);
        this.header.set(bytes.subarray(offset, offset + take), this.headerFilled);
        this.headerFilled += take;
        offset += take;
        if (this.headerFilled === PARCEL_HEADER_BYTES) this.startBody();
      } else if (this.bodyComplete()) {
        const parcel = { kind: this.header.readUInt8(0), body: this.body };
        this.headerFilled = 0;
        this.body = EMPTY;
        yield parcel;
      } else {
        const take = Math.min(this.body.length - this.bodyFilled, bytes.length - offset);
        this.body.set(bytes.subarray(offset, offset + take), this.bodyFilled);
        this.bodyFilled += take;
        offset += take;
      }
    }
  }

  private bodyComplete(): boolean {
    return this.headerFilled === PARCEL_HEADER_BYTES && this.bodyFilled === this.body.length;
  }

  private startBody(): void {
    const length = this.header.readUInt32BE(1);
    if (length > this.bodyBytesMax) {
      throw new TransportError("protocol", `A parcel of ${length} bytes is over the limit`);
    }
    this.body = length === 0 ? EMPTY : new Uint8Array(length);
    this.bodyFilled = 0;
  }
}
