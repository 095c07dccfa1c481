import { expectSound } from "./rot-error.ts";

const LONG_BITS = 0x80;
const BYTE_BITS = 0x7f;
/** Beyond this a JavaScript number is not exact; no file is so large. */
const VARINT_LENGTH = 7;

/** Reads LevelDB's numbers and texts from bytes; throws `RotError` where they end too early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Seven bits a byte, the lowest ones first. */
  varint(): number {
    let value = 0;
    for (let i = 0, unit = 1; i <= VARINT_LENGTH; i++, unit *= LONG_BITS) {
      const byte = this.#bytes[this.#at++];
      expectSound(byte !== undefined, "has a number that is cut off");
      value += (byte & BYTE_BITS) * unit;
      if (byte < LONG_BITS) return value;
    }
    expectSound(false, "has a number that is too large");
    return value;
  }

  take(length: number): Uint8Array {
    expectSound(length <= this.#bytes.length - this.#at, "has a part that is cut off");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Bytes after their length. */
  text(): Uint8Array {
    return this.take(this.varint());
  }
}
