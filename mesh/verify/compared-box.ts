import type { BoxId } from "../../core/ids.ts";
import type { Dot, Origin, Vector } from "../../core/vector.ts";
import type { Bucket } from "./digest.ts";
import type { KeyRange } from "./sections.ts";

/** A snapshot that a box holds for being compared. */
export interface Opened {
  readonly session: number;
  /** The transactions whose effects are in it. */
  readonly vector: Vector;
}

export interface SectionDigest {
  readonly name: string;
  readonly rows: number;
  readonly hash: string;
}

/** Says only that the box is alive. */
export const STILL_READING = null;
export type StillReading = typeof STILL_READING;

export type RowHash = readonly [key: string, hash: string];

/** Some rows as they are now; `null` where there is none. */
export interface Look {
  readonly vector: Vector;
  readonly hashes: ReadonlyMap<string, string | null>;
}

/** Where the journal of one life ends. */
export interface OriginPlace {
  readonly origin: Origin;
  readonly seq: number;
  readonly hash: string;
}

/** One of the boxes that are compared: this one, or another one over the mesh. */
export interface ComparedBox {
  readonly box: BoxId;
  open(): Promise<Opened>;
  close(session: number): Promise<void>;
  /** Every section, and now and then a sign that it is still reading. */
  sections(session: number): AsyncIterable<SectionDigest | StillReading>;
  buckets(session: number, section: string): AsyncIterable<Bucket>;
  rows(session: number, section: string, range: KeyRange): AsyncIterable<RowHash>;
  look(keys: readonly string[]): Promise<Look>;
  places(): AsyncIterable<OriginPlace>;
  /** Hashes of journal entries; `null` for one that is not here any more, or not yet. */
  entryHashes(dots: readonly Dot[]): Promise<readonly (string | null)[]>;
}
