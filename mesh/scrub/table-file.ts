import { ByteReader } from "./byte-reader.ts";
import { READ_BYTES } from "./constants.ts";
import { crc32c, masked } from "./crc32c.ts";
import { expectSound } from "./rot-error.ts";
import { uncompress } from "./snappy.ts";
import { readingAhead } from "./store-files.ts";
import type { StoreFile } from "./store-files.ts";

/** Two handles of 20 bytes at most, filled up with zeros, and the magic number. */
const FOOTER_LENGTH = 48;
const HANDLES_LENGTH = 40;
const MAGIC = Buffer.from("57fb808b247547db", "hex");
/** After each block: how it is compressed, and the checksum of the block and this byte. */
const TRAILER_LENGTH = 5;
const SNAPPY = 1;
const UINT32_LENGTH = 4;

/** Where a block lies; its trailer comes after. */
interface Handle {
  readonly offset: number;
  readonly length: number;
}

export interface Block extends Handle {
  /** A block of rows; the others only help to find them faster. */
  readonly hasRows: boolean;
}

/**
 * Reads a table of LevelDB from end to end and holds each block against its checksum. Yields how many
 * bytes it read, piece by piece; throws `RotError` when the file is not what was written.
 * https://github.com/google/leveldb/blob/main/doc/table_format.md
 */
export async function* checkTable(
  table: StoreFile,
  sizeBytes: number,
): AsyncGenerator<number, void> {
  const file = readingAhead(table, READ_BYTES);
  expectSound(file.sizeBytes === sizeBytes, `has ${file.sizeBytes} bytes instead of ${sizeBytes}`);
  for (const block of yield* blocksOf(file)) yield* checkBlock(file, block);
}

/** The blocks that a table's index names, in their order; throws `RotError` where it or the end is damaged. */
export async function* blocksOf(file: StoreFile): AsyncGenerator<number, readonly Block[]> {
  expectSound(file.sizeBytes >= FOOTER_LENGTH, "is too short");
  const end = file.sizeBytes - FOOTER_LENGTH;
  const footer = await file.read(end, FOOTER_LENGTH);
  yield footer.length;
  const { meta, index } = readFooter(footer);
  expectSound(index.offset + index.length + TRAILER_LENGTH === end, "has a damaged end");
  const blocks: Block[] = [];
  let at = 0;
  for (const handle of handlesIn(yield* readBlock(file, index))) {
    expectSound(handle.offset === at, "has a damaged index");
    blocks.push({ ...handle, hasRows: true });
    at = handle.offset + handle.length + TRAILER_LENGTH;
  }
  // Between the rows and the list of filters lies the filter, if there is one.
  const filter = { offset: at, length: meta.offset - at - TRAILER_LENGTH, hasRows: false };
  if (meta.offset !== at) blocks.push(filter);
  expectSound(meta.offset + meta.length + TRAILER_LENGTH === index.offset, "has a damaged end");
  return [...blocks, { ...meta, hasRows: false }];
}

function readFooter(footer: Uint8Array): { readonly meta: Handle; readonly index: Handle } {
  const magic = footer.subarray(HANDLES_LENGTH);
  expectSound(MAGIC.equals(magic), "does not end as a table does");
  const reader = new ByteReader(footer.subarray(0, HANDLES_LENGTH));
  const meta = readHandle(reader);
  const index = readHandle(reader);
  while (!reader.isAtEnd) expectSound(reader.take(1)[0] === 0, "has a damaged end");
  return { meta, index };
}

function readHandle(reader: ByteReader): Handle {
  return { offset: reader.varint(), length: reader.varint() };
}

/** A whole block, for those that list others: some hundredths of the file. */
async function* readBlock(file: StoreFile, handle: Handle): AsyncGenerator<number, Uint8Array> {
  const pieces: Uint8Array[] = [];
  yield* checkBlock(file, handle, (piece) => pieces.push(piece));
  return contentOf(Buffer.concat(pieces));
}

/** A block and how it is compressed, as the rows that it has. */
export function contentOf(block: Uint8Array): Uint8Array {
  const body = block.subarray(0, -1);
  return block.at(-1) === SNAPPY ? uncompress(body) : body;
}

/** `take` is given the block and how it is compressed, piece by piece, also when they are not right. */
export async function* checkBlock(
  file: StoreFile,
  { offset, length }: Handle,
  take?: (piece: Uint8Array) => void,
): AsyncGenerator<number, void> {
  const isInside = length >= 0 && offset + length + TRAILER_LENGTH <= file.sizeBytes;
  expectSound(isInside, "names a block that is not there");
  const sumAt = offset + length + 1;
  let crc = 0;
  for (let at = offset; at < sumAt;) {
    const piece = await file.read(at, Math.min(READ_BYTES, sumAt - at));
    expectSound(piece.length > 0, "is cut off");
    crc = crc32c(piece, crc);
    at += piece.length;
    take?.(piece);
    yield piece.length;
  }
  const sum = await file.read(sumAt, UINT32_LENGTH);
  expectSound(sum.length === UINT32_LENGTH, "is cut off");
  const isSound = Buffer.from(sum).readUInt32LE() === masked(crc);
  expectSound(isSound, `has a block at byte ${offset} that does not match its checksum`);
  yield sum.length;
}

/** The blocks that an index lists, in their order. */
function handlesIn(block: Uint8Array): Handle[] {
  expectSound(block.length >= UINT32_LENGTH, "has a damaged index");
  const restarts = Buffer.from(block).readUInt32LE(block.length - UINT32_LENGTH);
  const entriesLength = block.length - (restarts + 1) * UINT32_LENGTH;
  expectSound(entriesLength >= 0, "has a damaged index");
  const reader = new ByteReader(block.subarray(0, entriesLength));
  const handles: Handle[] = [];
  while (!reader.isAtEnd) {
    // A key shares its beginning with the one before: how much, how much is its own, and the value's length.
    reader.varint();
    const [own, length] = [reader.varint(), reader.varint()];
    reader.take(own);
    handles.push(readHandle(new ByteReader(reader.take(length))));
  }
  return handles;
}
