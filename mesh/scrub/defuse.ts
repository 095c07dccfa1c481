import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ByteReader } from "./byte-reader.ts";
import { READ_BYTES } from "./constants.ts";
import { expectSound, RotError } from "./rot-error.ts";
import { readingAhead, storeFiles } from "./store-files.ts";
import type { StoreFile } from "./store-files.ts";
import { blocksOf, checkBlock, contentOf } from "./table-file.ts";
import type { Block } from "./table-file.ts";

/** No compression that LevelDB knows: it says that the block is damaged, and goes on. */
const UNREADABLE = 0xff;
/** Before a key's own bytes end: a sequence number and a kind. LevelDB dies of a shorter key. */
const KEY_LENGTH_MIN = 8;
const UINT32_LENGTH = 4;

/** A byte that makes LevelDB refuse what it would otherwise die of. */
interface Mark {
  readonly at: number;
  readonly what: string;
}

/**
 * Marks the rotten blocks of a store that nobody has open. LevelDB takes what it reads for its own and
 * ends the process where that cannot be: on four kilobytes of zeros, say. Blocks of rows that can be read
 * are left as they are, since a row with a flipped bit may be known by its hash. Returns what was marked,
 * for people; what the disk does not read, or does not let be marked, stays as it is.
 */
export async function defuse(folder: string): Promise<string[]> {
  const found: string[] = [];
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => /\.(?:ldb|sst)$/.test(one))) {
    const marked = await defuseTable(folder, name).catch(() => []);
    found.push(...marked.map(({ what }) => `table ${name.slice(0, name.indexOf("."))} ${what}`));
  }
  return found;
}

async function defuseTable(folder: string, name: string): Promise<Mark[]> {
  const marks = await marksFor(folder, name);
  if (marks.length === 0) return marks;
  const file = await open(join(folder, name), "r+");
  try {
    for (const { at } of marks) await file.write(Uint8Array.of(UNREADABLE), 0, 1, at);
    await file.sync();
  } finally {
    await file.close();
  }
  return marks;
}

async function marksFor(folder: string, name: string): Promise<Mark[]> {
  const table = await storeFiles(folder).open(name);
  if (table === undefined) return [];
  const file = readingAhead(table, READ_BYTES);
  try {
    const blocks = await toTheEnd(blocksOf(file));
    const marks = [];
    for (const block of blocks) marks.push(...(await marksForBlock(file, block)));
    return marks;
  } catch (error) {
    if (!(error instanceof RotError)) throw error;
    // The magic number is the last thing in a table: without it nothing is looked for.
    return file.sizeBytes === 0 ? [] : [{ at: file.sizeBytes - 1, what: error.message }];
  } finally {
    await file.close();
  }
}

async function marksForBlock(file: StoreFile, block: Block): Promise<Mark[]> {
  const pieces: Uint8Array[] = [];
  try {
    await toTheEnd(checkBlock(file, block, (piece) => pieces.push(piece)));
    return [];
  } catch (error) {
    if (!(error instanceof RotError)) throw error;
    if (block.hasRows && isReadable(Buffer.concat(pieces))) return [];
    return [{ at: block.offset + block.length, what: error.message }];
  }
}

/** Does LevelDB find its way through the rows, whatever is in them? */
function isReadable(block: Uint8Array): boolean {
  try {
    walk(contentOf(block));
    return true;
  } catch (error) {
    if (error instanceof RotError) return false;
    throw error;
  }
}

function walk(content: Uint8Array): void {
  const numbers = Buffer.from(content);
  expectSound(numbers.length >= UINT32_LENGTH, "is too short");
  const restarts = numbers.readUInt32LE(numbers.length - UINT32_LENGTH);
  const end = numbers.length - (restarts + 1) * UINT32_LENGTH;
  expectSound(restarts > 0 && end >= 0, "has no beginning");
  const beginnings = new Set<number>();
  const reader = new ByteReader(content.subarray(0, end));
  for (let keyLength = 0; !reader.isAtEnd;) {
    const at = reader.at;
    const [shared, own, value] = [reader.varint(), reader.varint(), reader.varint()];
    expectSound(shared <= keyLength, "has a key without its beginning");
    if (shared === 0) beginnings.add(at);
    keyLength = shared + own;
    expectSound(keyLength >= KEY_LENGTH_MIN, "has a key that is none");
    reader.take(own);
    reader.take(value);
  }
  for (let i = 0; i < restarts; i++) {
    const at = numbers.readUInt32LE(end + i * UINT32_LENGTH);
    expectSound(beginnings.has(at), "has no row where one should begin");
  }
}

async function toTheEnd<T>(check: AsyncGenerator<number, T>): Promise<T> {
  for (;;) {
    const step = await check.next();
    if (step.done) return step.value;
  }
}
