import { ByteReader } from "./byte-reader.ts";
import { LIST_LOOKS_MAX } from "./constants.ts";
import { crc32c, masked } from "./crc32c.ts";
import { expectSound, RotError } from "./rot-error.ts";
import type { StoreFile, StoreFiles } from "./store-files.ts";

/** The list is a log: blocks of this length, with records in parts that never cross its end. */
const BLOCK_LENGTH = 32 * 1024;
/** Before each part: its checksum, its length, and which part of a record it is. */
const HEADER_LENGTH = 7;
const WHOLE = 1;
const FIRST = 2;
const LAST = 4;
const CURRENT_LENGTH_MAX = 100;

/** The tables of a store by their number, with their size in bytes. */
export type TableList = ReadonlyMap<number, number>;

/**
 * The tables that LevelDB counts on right now. It lists a table only when it is whole and on disk, and
 * strikes it off before it deletes the file, so what is on no list is nobody's loss. Yields bytes read;
 * throws `RotError` when the list is damaged.
 */
export async function* readTableList(files: StoreFiles): AsyncGenerator<number, TableList> {
  for (let look = 1; ; look++) {
    const manifest = await openCurrent(files);
    if (manifest !== undefined) {
      try {
        return yield* readFrom(manifest);
      } finally {
        await manifest.close();
      }
    }
    expectSound(look < LIST_LOOKS_MAX, "is gone");
  }
}

async function openCurrent(files: StoreFiles): Promise<StoreFile | undefined> {
  const current = await files.open("CURRENT");
  if (current === undefined) return undefined;
  try {
    const text = Buffer.from(await current.read(0, CURRENT_LENGTH_MAX)).toString("latin1");
    const name = /^(MANIFEST-\d+)\n$/.exec(text)?.[1];
    expectSound(name !== undefined, "is not named");
    return await files.open(name);
  } finally {
    await current.close();
  }
}

async function* readFrom(file: StoreFile): AsyncGenerator<number, TableList> {
  const tables = new Map<number, number>();
  let parts: Uint8Array[] = [];
  for (let at = 0; at < file.sizeBytes; at += BLOCK_LENGTH) {
    // What was added since the file was opened is for the next look.
    const left = file.sizeBytes - at;
    const block = Buffer.from(await file.read(at, Math.min(BLOCK_LENGTH, left)));
    for (const { kind, body } of partsOf(block, left <= BLOCK_LENGTH)) {
      if (kind === WHOLE || kind === FIRST) parts = [];
      parts.push(body);
      if (kind === WHOLE || kind === LAST) edit(tables, Buffer.concat(parts));
    }
    yield block.length;
  }
  return tables;
}

interface Part {
  readonly kind: number;
  readonly body: Uint8Array;
}

/** The very last part may be in the middle of being written: it counts once something follows it, or it is right. */
function* partsOf(block: Buffer, isLast: boolean): Generator<Part> {
  for (let at = 0; at + HEADER_LENGTH <= block.length;) {
    const length = block.readUInt16LE(at + 4);
    const kind = block.readUInt8(at + 6);
    const end = at + HEADER_LENGTH + length;
    const isWhole = kind >= WHOLE && kind <= LAST && end <= block.length;
    const body = block.subarray(at + HEADER_LENGTH, end);
    const sum = masked(crc32c(block.subarray(at + 6, end)));
    if (!isWhole || sum !== block.readUInt32LE(at)) {
      if (isLast && end >= block.length) return;
      throw new RotError("does not match its checksum");
    }
    yield { kind, body };
    at = end;
  }
}

/** Applies one record: https://github.com/google/leveldb/blob/main/db/version_edit.cc */
function edit(tables: Map<number, number>, record: Uint8Array): void {
  const reader = new ByteReader(record);
  const fields: Readonly<Record<number, () => unknown>> = {
    1: () => reader.text(), // the name of the order of keys
    2: () => reader.varint(), // the number of the log
    3: () => reader.varint(), // the next number of a file
    4: () => reader.varint(), // the sequence of the last write
    5: () => [reader.varint(), reader.text()], // where the next merge begins
    6: () => [reader.varint(), tables.delete(reader.varint())],
    7: () => {
      reader.varint();
      tables.set(reader.varint(), reader.varint());
      return [reader.text(), reader.text()]; // its first key and its last
    },
    9: () => reader.varint(), // the number of the log before
  };
  while (!reader.isAtEnd) {
    const read = fields[reader.varint()];
    expectSound(read, "has a part of unknown kind");
    read();
  }
}
