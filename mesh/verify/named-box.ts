import type { BoxId } from "../../core/ids.ts";
import type { ComparedBox } from "./compared-box.ts";

/** A box that failed while it was compared, and why. */
export class CompareError extends Error {
  override readonly name = "CompareError";
  readonly box: BoxId;

  constructor(box: BoxId, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.box = box;
  }
}

/** The same box, whose errors say which one it is. */
export function namedBox(box: ComparedBox): ComparedBox {
  const failure = (error: unknown): CompareError =>
    error instanceof CompareError ? error : new CompareError(box.box, error);
  async function* each<T>(answers: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* answers;
    } catch (error) {
      throw failure(error);
    }
  }
  const run = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      throw failure(error);
    }
  };
  return {
    box: box.box,
    open: () => run(() => box.open()),
    close: (session) => run(() => box.close(session)),
    sections: (session) => each(box.sections(session)),
    buckets: (session, section) => each(box.buckets(session, section)),
    rows: (session, section, range) => each(box.rows(session, section, range)),
    look: (keys) => run(() => box.look(keys)),
    places: () => each(box.places()),
    entryHashes: (dots) => run(() => box.entryHashes(dots)),
  };
}
