import type { BoxId } from "../../core/ids.ts";
import { parseJson } from "../../core/json.ts";
import type { Timers } from "../../core/ports.ts";
import { parseVector } from "../../core/vector.ts";
import type { Dot, Vector } from "../../core/vector.ts";
import { hashOfEntry } from "../journal/entry.ts";
import { loadPositions, readPosition } from "../journal/positions.ts";
import { journalKey, VECTOR_KEY } from "../store/mesh-keys.ts";
import type { Store, StoreSnapshot } from "../store/store.ts";
import { TransportError } from "../transport/transport.ts";
import type {
  ComparedBox,
  Look,
  Opened,
  OriginPlace,
  RowHash,
  SectionDigest,
  StillReading,
} from "./compared-box.ts";
import { STILL_READING } from "./compared-box.ts";
import { ALIVE_ROWS, SESSION_MS, SESSIONS_MAX } from "./constants.ts";
import { bucketsOf, rowHashesOf, Sum, valueHash } from "./digest.ts";
import type { Bucket } from "./digest.ts";
import { rowText, sectionNamed, sectionOfKey, SECTIONS } from "./sections.ts";
import type { KeyRange, Section } from "./sections.ts";

export interface VerifyDeskDeps {
  readonly box: BoxId;
  readonly store: Store;
  readonly timers: Timers;
  /** Why this box cannot be compared now, for people. */
  readonly refusal: () => string | undefined;
}

interface Session {
  readonly snapshot: StoreSnapshot;
  lastUsed: number;
  timer: { cancel(): void };
}

/**
 * Answers what there is in the store of this box, as hashes, from snapshots that it holds for a while.
 * A page of rows is read and hashed at a time, so requests of clients go in between.
 */
export class VerifyDesk implements ComparedBox {
  readonly box: BoxId;
  readonly #deps: VerifyDeskDeps;
  readonly #sessions = new Map<number, Session>();
  #last = 0;

  constructor(deps: VerifyDeskDeps) {
    this.box = deps.box;
    this.#deps = deps;
  }

  open(): Promise<Opened> {
    const refusal = this.#deps.refusal();
    if (refusal !== undefined) return Promise.reject(new TransportError("refused", refusal));
    if (this.#sessions.size >= SESSIONS_MAX) {
      return Promise.reject(new TransportError("refused", "it is being compared already"));
    }
    const { store, timers } = this.#deps;
    const snapshot = store.snapshot();
    const session = ++this.#last;
    const expire = (): void => {
      const held = this.#sessions.get(session);
      if (!held) return;
      const left = held.lastUsed + SESSION_MS - timers.elapsed();
      if (left > 0) held.timer = timers.after(left, expire);
      else this.#release(session);
    };
    const timer = timers.after(SESSION_MS, expire);
    this.#sessions.set(session, { snapshot, lastUsed: timers.elapsed(), timer });
    return Promise.resolve({ session, vector: vectorOf(snapshot) });
  }

  close(session: number): Promise<void> {
    this.#release(session);
    return Promise.resolve();
  }

  /** Lets every snapshot go; the store is about to be closed. */
  stop(): void {
    for (const session of this.#sessions.keys()) this.#release(session);
  }

  async *sections(session: number): AsyncGenerator<SectionDigest | StillReading> {
    let silent = 0;
    for (const section of SECTIONS) {
      const sum = new Sum();
      let rows = 0;
      for await (const bucket of bucketsOf(this.#use(session), section)) {
        this.#use(session);
        sum.add(bucket.hash);
        rows += bucket.rows;
        silent += bucket.rows;
        if (silent < ALIVE_ROWS) continue;
        yield STILL_READING;
        silent = 0;
      }
      yield { name: section.name, rows, hash: sum.text() };
    }
  }

  async *buckets(session: number, section: string): AsyncGenerator<Bucket> {
    for await (const bucket of bucketsOf(this.#use(session), sectionOf(section))) {
      this.#use(session);
      yield bucket;
    }
  }

  async *rows(session: number, section: string, range: KeyRange): AsyncGenerator<RowHash> {
    for await (const page of rowHashesOf(this.#use(session), sectionOf(section), range)) {
      this.#use(session);
      yield* page;
    }
  }

  async look(keys: readonly string[]): Promise<Look> {
    using snapshot = this.#deps.store.snapshot();
    const hashes = new Map<string, string | null>();
    for (const key of keys) {
      if (!sectionOfKey(key)) throw new TransportError("refused", "a key that is not compared");
      const text = await rowText(snapshot, key);
      hashes.set(key, text === undefined ? null : valueHash(text));
    }
    return { vector: vectorOf(snapshot), hashes };
  }

  async *places(): AsyncGenerator<OriginPlace> {
    for (const [origin, { onDisk }] of await loadPositions(this.#deps.store)) {
      yield { origin, ...onDisk };
    }
  }

  entryHashes(dots: readonly Dot[]): Promise<(string | null)[]> {
    const { store } = this.#deps;
    return Promise.resolve(
      dots.map(({ origin, seq }) => {
        const place = readPosition(store, origin);
        if (place?.seq === seq) return place.hash;
        const text = store.get(journalKey(origin, seq));
        return text === undefined ? null : hashOfEntry(text);
      }),
    );
  }

  #use(session: number): StoreSnapshot {
    const held = this.#sessions.get(session);
    if (!held) throw new TransportError("refused", "the snapshot is no longer held");
    held.lastUsed = this.#deps.timers.elapsed();
    return held.snapshot;
  }

  #release(session: number): void {
    const held = this.#sessions.get(session);
    if (!held) return;
    this.#sessions.delete(session);
    held.timer.cancel();
    held.snapshot.close();
  }
}

function sectionOf(name: string): Section {
  const section = sectionNamed(name);
  if (!section) throw new TransportError("refused", "a section that is not known here");
  return section;
}

function vectorOf(snapshot: StoreSnapshot): Vector {
  const text = snapshot.get(VECTOR_KEY);
  const vector = text === undefined ? {} : parseVector(parseJson(text));
  if (!vector) throw new TransportError("refused", "the store holds a damaged vector");
  return vector;
}
