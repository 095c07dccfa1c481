import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DiskOp } from "./disk-op.ts";

/**
 * What becomes of that which was written and not synced when the power goes:
 * - `kept`: all of it is on disk, as when only the process is killed
 * - `lost`: nothing of it, neither bytes nor names
 * - `empty`: the names are on disk, the files end where they were synced last
 * - `zeros`: sizes are on disk, the bytes are not
 * - `torn 512`, `torn 4096`: all of it, but of the newest write only some blocks
 * - `scattered`: of each block of 4 KiB either all or zeros
 */
export const FATES = [
  "kept",
  "lost",
  "empty",
  "zeros",
  "torn 512",
  "torn 4096",
  "scattered",
] as const;
export type Fate = (typeof FATES)[number];

const BLOCK_BYTES = 4096;
const EMPTY = Buffer.alloc(0);
/** Locks and LevelDB's own log for people hold nothing. */
const NO_DATA = /(^|\/)(LOCK|LOG|LOG\.old)$/;

interface Node {
  bytes: Buffer;
  /** The memory that `bytes` begins; files mostly grow. */
  room: Buffer;
  /** As of the last sync. */
  synced: Buffer;
  /** Where the last write began; its end is the end of the file. */
  newest: number;
}

/** Names of folders and files; a folder has no node. */
type Names = Map<string, Node | "folder">;

/**
 * A disk as a journalling file system keeps it: names change in order, a sync of anything makes all
 * changes of names before it certain (ext4, XFS), and the bytes of a file are certain when it is synced.
 */
export class CrashDisk {
  #names: Names;
  #certain: Names;
  #touched: Node | undefined;

  private constructor(names: Names) {
    this.#names = names;
    this.#certain = new Map(names);
  }

  /** All that is in a folder, taken for synced. */
  static of(folder: string): CrashDisk {
    const names: Names = new Map();
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (NO_DATA.test(name)) continue;
      if (entry.isDirectory()) names.set(name, "folder");
      else if (entry.isFile()) {
        const bytes = readFileSync(path);
        names.set(name, { bytes, room: bytes, synced: bytes, newest: bytes.length });
      }
    }
    return new CrashDisk(names);
  }

  /** Does an operation change what a crash can leave? */
  apply(op: DiskOp): boolean {
    if (op.kind === "said" || NO_DATA.test(op.path)) return false;
    switch (op.kind) {
      case "create":
        if (this.#names.has(op.path)) return false;
        this.#names.set(op.path, { bytes: EMPTY, room: EMPTY, synced: EMPTY, newest: 0 });
        return true;
      case "folder":
        this.#names.set(op.path, "folder");
        return true;
      case "empty":
        return this.#resize(op.path, 0);
      case "cut":
        return this.#resize(op.path, op.size);
      case "write":
        return this.#write(op.path, op.bytes, op.at);
      case "sync":
        return this.#sync(op.path);
      case "rename":
        return this.#rename(op.path, op.to);
      case "remove":
        return this.#names.delete(op.path);
    }
  }

  /** Makes in an empty folder what a crash now would leave. `draw` gives numbers in [0, 1). */
  leave(folder: string, fate: Fate, draw: () => number): void {
    const names = fate === "lost" ? this.#certain : this.#names;
    for (const [name, node] of names) {
      const path = join(folder, name);
      if (node === "folder") {
        mkdirSync(path, { recursive: true });
      } else {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, this.#bytesOf(node, fate, draw));
      }
    }
  }

  #bytesOf(node: Node, fate: Fate, draw: () => number): Buffer {
    const { bytes, synced } = node;
    switch (fate) {
      case "kept":
        return bytes;
      case "lost":
      case "empty":
        return synced;
      case "zeros":
        return zeroed(node, () => false);
      case "torn 512":
      case "torn 4096":
        return node === this.#touched ? torn(node, Number(fate.slice(5)), draw) : bytes;
      case "scattered":
        return zeroed(node, () => draw() < 0.5);
    }
  }

  #node(path: string): Node | undefined {
    const node = this.#names.get(path);
    return node === "folder" ? undefined : node;
  }

  #resize(path: string, size: number): boolean {
    const node = this.#node(path);
    if (node === undefined || node.bytes.length === size) return false;
    const grown = Buffer.alloc(size);
    node.bytes.copy(grown, 0, 0, size);
    node.bytes = grown;
    node.room = grown;
    node.newest = size;
    this.#touched = node;
    return true;
  }

  #write(path: string, bytes: Buffer, at: number | undefined): boolean {
    const node = this.#node(path);
    // Of a file that has lost its name nothing remains.
    if (node === undefined) return false;
    const start = at ?? node.bytes.length;
    const end = Math.max(node.bytes.length, start + bytes.length);
    // What was synced is a part of the same memory, so only what lies behind it is written in place.
    if (start < node.synced.length || end > node.room.length) {
      node.room = Buffer.alloc(2 * end);
      node.bytes.copy(node.room);
    }
    bytes.copy(node.room, start);
    node.bytes = node.room.subarray(0, end);
    node.newest = start;
    this.#touched = node;
    return true;
  }

  #sync(path: string): boolean {
    const node = this.#node(path);
    const isNews = node !== undefined && node.synced !== node.bytes;
    if (node) node.synced = node.bytes;
    const had = [...this.#certain.keys()].join("\n");
    this.#certain = new Map(this.#names);
    return isNews || had !== [...this.#certain.keys()].join("\n");
  }

  #rename(from: string, to: string): boolean {
    for (const [name, node] of new Map(this.#names)) {
      if (name !== from && !name.startsWith(`${from}/`)) continue;
      this.#names.delete(name);
      this.#names.set(to + name.slice(from.length), node);
    }
    return true;
  }
}

/** Of the newest write, a random number of its first blocks. */
function torn({ bytes, synced, newest }: Node, block: number, draw: () => number): Buffer {
  if (bytes.length <= newest || synced.length === bytes.length) return bytes;
  const blocks = Math.ceil(bytes.length / block) - Math.floor(newest / block);
  const end = (Math.floor(newest / block) + Math.floor(draw() * blocks)) * block;
  return bytes.subarray(0, Math.max(newest, end));
}

/** What was not synced becomes zeros, but for the blocks that survive. */
function zeroed({ bytes, synced }: Node, survives: () => boolean): Buffer {
  if (synced === bytes) return bytes;
  const out = Buffer.from(bytes);
  const from = synced.length < bytes.length ? synced.length : 0;
  for (let at = from; at < bytes.length;) {
    const end = Math.min(bytes.length, (Math.floor(at / BLOCK_BYTES) + 1) * BLOCK_BYTES);
    if (!survives()) out.fill(0, at, end);
    at = end;
  }
  return out;
}
