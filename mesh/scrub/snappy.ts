import { ByteReader } from "./byte-reader.ts";
import { expectSound } from "./rot-error.ts";

/** The two lowest bits of the first byte of a part. */
const LITERAL = 0;
const COPY_NEAR = 1;
const COPY_FAR = 2;
/** A literal of up to this length has it in its first byte; a longer one in the bytes that follow. */
const SHORT_LENGTH = 60;
/** Snappy makes nothing smaller than by this factor, whatever a damaged length says. */
const RATIO_MAX = 64;

/** What snappy has compressed. LevelDB compresses also the blocks that list others. */
export function uncompress(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  const length = reader.varint();
  expectSound(length <= RATIO_MAX * bytes.length, "has a block of impossible length");
  const out = new Uint8Array(length);
  let at = 0;
  while (!reader.isAtEnd) {
    const tag = little(reader, 1);
    const kind = tag & 3;
    if (kind === LITERAL) {
      const short = tag >>> 2;
      const size = (short < SHORT_LENGTH ? short : little(reader, short - SHORT_LENGTH + 1)) + 1;
      expectSound(at + size <= length, "has a block that is too long");
      out.set(reader.take(size), at);
      at += size;
      continue;
    }
    const size = kind === COPY_NEAR ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const back = backOf(reader, tag, kind);
    expectSound(back > 0 && back <= at && at + size <= length, "has a block that is garbled");
    // One by one: the source may reach into what is being written.
    for (const end = at + size; at < end; at++) out[at] = out[at - back] as number;
  }
  expectSound(at === length, "has a block that is cut off");
  return out;
}

function backOf(reader: ByteReader, tag: number, kind: number): number {
  if (kind === COPY_NEAR) return ((tag >>> 5) << 8) + little(reader, 1);
  return little(reader, kind === COPY_FAR ? 2 : 4);
}

function little(reader: ByteReader, size: number): number {
  return reader.take(size).reduceRight((value, byte) => value * 256 + byte, 0);
}
