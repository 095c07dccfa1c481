import { open } from "node:fs/promises";
import { join } from "node:path";

/** An open file that is only read. Bytes are read by the system's `read`, so a failing disk rejects. */
export interface StoreFile {
  readonly sizeBytes: number;
  /** Fewer bytes than asked for at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The files of a store that is in use: any of them may be gone at the next look. */
export interface StoreFiles {
  /** Undefined when there is no file of this name. */
  open(name: string): Promise<StoreFile | undefined>;
}

export function storeFiles(folder: string): StoreFiles {
  return { open: (name) => openFile(join(folder, name)) };
}

async function openFile(path: string): Promise<StoreFile | undefined> {
  let file;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    return {
      sizeBytes: size,
      read: (at, length) => readAt(file, at, length),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readAt(
  file: Awaited<ReturnType<typeof open>>,
  at: number,
  length: number,
): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Reads ahead: blocks of some kilobytes that lie side by side come from one read of `aheadBytes`. */
export function readingAhead(file: StoreFile, aheadBytes: number): StoreFile {
  let from = 0;
  let ahead: Uint8Array = new Uint8Array(0);
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (offset < from || offset + length > from + ahead.length) {
      ahead = await file.read(offset, Math.max(length, aheadBytes));
      from = offset;
    }
    return ahead.subarray(offset - from, offset - from + length);
  };
  return { sizeBytes: file.sizeBytes, read, close: () => file.close() };
}
