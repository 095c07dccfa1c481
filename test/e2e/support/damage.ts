import {
  closeSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { storeFiles } from "../../../mesh/scrub/store-files.ts";
import { blocksOf, checkBlock, contentOf } from "../../../mesh/scrub/table-file.ts";
import type { BoxProcess } from "./box-process.ts";

/** The unit in which flash storage loses data. */
export const BLOCK_BYTES = 4096;
/** The bit of a byte that tips over. */
const BIT = 0x10;

/** What a bad disk does to a file from byte `at` on, which is inside of it. */
export const DAMAGE = {
  cut: (file: string, at: number) => truncateSync(file, at),
  zeroed: (file: string, at: number) => {
    const length = Math.min(BLOCK_BYTES, statSync(file).size - at);
    change(file, at, length, (block) => block.fill(0));
  },
  flipped: (file: string, at: number) => {
    change(file, at, 1, (byte) => byte.writeUInt8(byte.readUInt8() ^ BIT));
  },
  deleted: (file: string, _at: number) => rmSync(file),
} as const;

function change(file: string, at: number, length: number, how: (bytes: Buffer) => unknown): void {
  const descriptor = openSync(file, "r+");
  const bytes = Buffer.alloc(length);
  readSync(descriptor, bytes, 0, length, at);
  how(bytes);
  writeSync(descriptor, bytes, 0, length, at);
  closeSync(descriptor);
}

/**
 * Marks the blocks of a closed store that have a text in a row as what no LevelDB has written, so that
 * reading them fails. Resolves with how many there were.
 */
export async function spoilBlocks(folder: string, text: string): Promise<number> {
  let spoiled = 0;
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".ldb"))) {
    const file = await storeFiles(folder).open(name);
    if (file === undefined) continue;
    for (const block of await result(blocksOf(file))) {
      const pieces: Uint8Array[] = [];
      await result(checkBlock(file, block, (piece) => pieces.push(piece)));
      const content = Buffer.from(contentOf(Buffer.concat(pieces)));
      if (!block.hasRows || !content.includes(text)) continue;
      change(join(folder, name), block.offset + block.length, 1, (kind) => kind.fill(0xff));
      spoiled++;
    }
    await file.close();
  }
  return spoiled;
}

async function result<T>(check: AsyncGenerator<number, T>): Promise<T> {
  for (;;) {
    const step = await check.next();
    if (step.done) return step.value;
  }
}

/** The largest file of a kind in the store. */
export function inStore({ home }: BoxProcess, kind: RegExp): string {
  const store = join(home, "store");
  const sizeOf = (name: string): number => statSync(join(store, name)).size;
  const names = readdirSync(store).filter((name) => kind.test(name));
  const [largest] = names.toSorted((a, b) => sizeOf(b) - sizeOf(a));
  if (largest === undefined) throw new Error(`there is no ${kind} in ${store}`);
  return join(store, largest);
}
