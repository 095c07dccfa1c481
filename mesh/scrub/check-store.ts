import { RotError } from "./rot-error.ts";
import type { StoreFiles } from "./store-files.ts";
import { checkTable } from "./table-file.ts";
import { readTableList } from "./table-list.ts";
import type { TableList } from "./table-list.ts";

const LIST = "the list of tables";
/** What is wrong only once was wrong on its way here. */
const LOOKS = 2;

/**
 * Reads every table of a store that is in use. Yields bytes read; returns what has rotted, for people, or
 * nothing. LevelDB goes on merging meanwhile: what is wrong must be on its list before and after it was
 * found wrong twice. `unread` is told of files that the disk does not read: that is another trouble.
 */
export async function* checkStore(
  files: StoreFiles,
  unread: (error: unknown) => void,
): AsyncGenerator<number, string | undefined> {
  try {
    for (const [number, sizeBytes] of yield* listTwice(files)) {
      try {
        const rot = yield* rotIn(files, number, sizeBytes);
        if (rot !== undefined) return rot;
      } catch (error) {
        if (error instanceof RotError) throw error;
        unread(error);
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof RotError) return `${LIST} ${error.message}`;
    unread(error);
    return undefined;
  }
}

async function* rotIn(
  files: StoreFiles,
  number: number,
  sizeBytes: number,
): AsyncGenerator<number, string | undefined> {
  let rot: string | undefined;
  for (let look = 0; look < LOOKS; look++) {
    rot = yield* lookAt(files, number, sizeBytes);
    if (rot === undefined || !(yield* listTwice(files)).has(number)) return undefined;
  }
  return rot;
}

async function* lookAt(
  files: StoreFiles,
  number: number,
  sizeBytes: number,
): AsyncGenerator<number, string | undefined> {
  const name = String(number).padStart(6, "0");
  const file = (await files.open(`${name}.ldb`)) ?? (await files.open(`${name}.sst`));
  if (file === undefined) return `table ${name} is gone`;
  try {
    yield* checkTable(file, sizeBytes);
    return undefined;
  } catch (error) {
    if (error instanceof RotError) return `table ${name} ${error.message}`;
    throw error;
  } finally {
    await file.close();
  }
}

/** A list that was caught in the middle of a change is right at the second look. */
async function* listTwice(files: StoreFiles): AsyncGenerator<number, TableList> {
  try {
    return yield* readTableList(files);
  } catch (error) {
    if (!(error instanceof RotError)) throw error;
    return yield* readTableList(files);
  }
}
