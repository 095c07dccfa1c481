import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger, Timers } from "../../core/ports.ts";
import { defuse } from "../../mesh/scrub/defuse.ts";
import { writeFileDurably } from "../../mesh/store/durable-file.ts";
import { storePath } from "../../mesh/store/spare-folder.ts";

/** Sudden ends in a row after which the whole store is read before it is opened: two may be power cuts. */
const SUDDEN_ENDS_MAX = 3;
/** A box that ran for so long has not died of what it reads at every start, milliseconds. */
const LONG_LIFE_MS = 300_000;

/**
 * LevelDB may end the process when it reads a rotten block, and a box that reads it at each start would
 * never run again. So the starts are counted that were followed by a sudden end; after some in a row the
 * rotten blocks of the store are marked, so that reading them fails and no more.
 */
export class SuddenEnds {
  /** What was marked, for people. */
  readonly marked: string | undefined;
  readonly #file: string;
  readonly #timer: { cancel(): void };

  private constructor(file: string, marked: string | undefined, timers: Timers) {
    this.marked = marked;
    this.#file = file;
    this.#timer = timers.after(LONG_LIFE_MS, () => void this.#forget());
  }

  /** Before the store is opened. */
  static async open(home: string, timers: Timers, logger: Logger): Promise<SuddenEnds> {
    const file = join(home, "starts");
    const before = await countIn(file);
    try {
      await writeFileDurably(file, `${before + 1}\n`);
    } catch (error) {
      logger.warn({ err: error }, "the start was not counted");
    }
    const isDue = before > 0 && before % SUDDEN_ENDS_MAX === 0;
    return new SuddenEnds(file, isDue ? await mark(home, before, logger) : undefined, timers);
  }

  /** The box ends in order. */
  async stop(): Promise<void> {
    this.#timer.cancel();
    await this.#forget();
  }

  async #forget(): Promise<void> {
    await rm(this.#file, { force: true }).catch(() => undefined);
  }
}

async function countIn(file: string): Promise<number> {
  try {
    return Number(/^\d{1,6}$/m.exec(await readFile(file, "utf8"))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

async function mark(home: string, ends: number, logger: Logger): Promise<string | undefined> {
  logger.warn(
    { ends },
    "ended suddenly again and again; looks through the store before it is opened",
  );
  const found = await defuse(storePath(home));
  if (found.length > 0) logger.error({ found }, "rotten blocks were marked as unreadable");
  return found[0];
}
