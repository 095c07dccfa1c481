import { compareBytes } from "../store/byte-order.ts";
import type { ComparedBox, RowHash, SectionDigest } from "./compared-box.ts";
import { BUCKETS_MAX, KEYS_MAX, LOOK_KEYS_MAX } from "./constants.ts";
import { differingRanges } from "./digest.ts";
import type { Bucket } from "./digest.ts";
import { CompareError } from "./named-box.ts";
import { SECTIONS } from "./sections.ts";

/** A box with a snapshot that it holds. */
export interface Held {
  readonly box: ComparedBox;
  readonly session: number;
}

export interface DifferingKeys {
  /** Rows of the first box. */
  readonly rows: number;
  /** At most `LOOK_KEYS_MAX`. */
  readonly keys: readonly string[];
  /** Keys were left out, since there are too many. */
  readonly isMore: boolean;
  /** Sections that some box does not know. */
  readonly skipped: readonly string[];
}

/** The keys at which any box differs from the first one: from whole sections down to rows. */
export async function differingKeys(first: Held, others: readonly Held[]): Promise<DifferingKeys> {
  const [own, ...theirs] = await Promise.all(
    [first, ...others].map(async (held) => ({ held, digests: await digestsOf(held) })),
  );
  const keys = new Set<string>();
  const skipped: string[] = [];
  let rows = 0;
  let isMore = false;
  for (const { name } of SECTIONS) {
    const mine = own?.digests.get(name);
    if (!mine || theirs.some(({ digests }) => !digests.has(name))) {
      skipped.push(name);
      continue;
    }
    rows += mine.rows;
    for (const { held, digests } of theirs) {
      if (digests.get(name)?.hash === mine.hash) continue;
      const some = await differingRows(first, held, name);
      isMore ||= some.isMore;
      for (const key of some.keys) {
        if (keys.size < LOOK_KEYS_MAX) keys.add(key);
        else isMore ||= !keys.has(key);
      }
    }
  }
  return { rows, keys: [...keys], isMore, skipped };
}

async function digestsOf({ box, session }: Held): Promise<ReadonlyMap<string, SectionDigest>> {
  const digests = new Map<string, SectionDigest>();
  for await (const section of box.sections(session)) {
    if (section && SECTIONS.some(({ name }) => name === section.name)) {
      digests.set(section.name, section);
    }
  }
  return digests;
}

async function differingRows(
  a: Held,
  b: Held,
  section: string,
): Promise<Pick<DifferingKeys, "keys" | "isMore">> {
  const keys: string[] = [];
  const [ours, theirs] = await Promise.all([bucketsOf(a, section), bucketsOf(b, section)]);
  for (const range of differingRanges(ours, theirs)) {
    const left = a.box.rows(a.session, section, range);
    const right = b.box.rows(b.session, section, range);
    for await (const key of differing(left, right)) {
      if (keys.length >= KEYS_MAX) return { keys, isMore: true };
      keys.push(key);
    }
  }
  return { keys, isMore: false };
}

async function bucketsOf({ box, session }: Held, section: string): Promise<Bucket[]> {
  const buckets: Bucket[] = [];
  for await (const bucket of box.buckets(session, section)) {
    if (buckets.length >= BUCKETS_MAX) throw new CompareError(box.box, "it has too many rows");
    buckets.push(bucket);
  }
  return buckets;
}

/** The keys that one of two sorted lists lacks, or has with another hash. */
async function* differing(
  left: AsyncIterable<RowHash>,
  right: AsyncIterable<RowHash>,
): AsyncGenerator<string> {
  const [a, b] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  try {
    let [x, y] = await Promise.all([a.next(), b.next()]);
    while (!x.done || !y.done) {
      const order = x.done ? 1 : y.done ? -1 : compareBytes(x.value[0], y.value[0]);
      if (order < 0 && !x.done) {
        yield x.value[0];
        x = await a.next();
      } else if (order > 0 && !y.done) {
        yield y.value[0];
        y = await b.next();
      } else if (!x.done && !y.done) {
        if (x.value[1] !== y.value[1]) yield x.value[0];
        [x, y] = await Promise.all([a.next(), b.next()]);
      }
    }
  } finally {
    await Promise.allSettled([Promise.resolve(a.return?.()), Promise.resolve(b.return?.())]);
  }
}
