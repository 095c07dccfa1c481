import type { BoxId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { closedOrigins, topicLog, topicVector } from "../tables.ts";
import type { LogEntry, Topic } from "../tables.ts";
import type { Dot, Origin, Vector } from "../vector.ts";
import { boxOf, covers, EMPTY_VECTOR, incarnationOf, includes, originOf } from "../vector.ts";

export interface NewsItem {
  readonly dot: Dot;
  readonly entry: LogEntry;
}

/** What a topic has that a client does not: newest first within each box. */
export interface TopicNews {
  readonly items: readonly NewsItem[];
  /** False when a box had more rows than were read; those read are its newest. */
  readonly complete: boolean;
}

const NOTHING: TopicNews = { items: [], complete: true };

/** Rows of one box that a client may lack: those of one incarnation, or of all after `incarnation`. */
interface Stretch {
  readonly box: BoxId;
  readonly incarnation: number | undefined;
  /** Rows at or before this place are covered: of the incarnation, or else incarnations. */
  readonly after: number | undefined;
}

/** What a client that has been told `since` does not know, on one snapshot. */
export class News {
  readonly since: Vector;
  readonly #snapshot: Snapshot;
  readonly #lateTails: readonly Origin[];

  constructor(snapshot: Snapshot, since: Vector | undefined) {
    this.#snapshot = snapshot;
    this.since = since ?? EMPTY_VECTOR;
    this.#lateTails = lateTails(snapshot, this.since);
  }

  /** Has the client been told things that are not here yet? */
  get isAhead(): boolean {
    return !includes(this.#snapshot.vector, this.since);
  }

  isNew(dot: Dot): boolean {
    return !covers(this.since, dot);
  }

  /** Is there anything new in a topic? Costs one look-up. */
  touches(topic: Topic): boolean {
    const touched = this.#snapshot.get(topicVector, [topic]);
    if (!touched) return false;
    if (this.#lateTails.length > 0) return true;
    for (const origin in touched) {
      if (this.isNew({ origin: origin as Origin, seq: touched[origin as Origin] ?? 0 }))
        return true;
    }
    return false;
  }

  /** Reads the new entries of a topic, at most `rowsMax` transactions for each stretch of a box. */
  async read(topic: Topic, rowsMax: number): Promise<TopicNews> {
    const stretches = this.stretches(topic);
    if (stretches.length === 0) return NOTHING;
    const parts = await Promise.all(
      stretches.map((stretch) => this.#readStretch(topic, stretch, rowsMax)),
    );
    return {
      items: parts.flatMap((part) => part.items),
      complete: parts.every((part) => part.complete),
    };
  }

  /** Where rows keyed by box, incarnation and sequence can be new, given what touched the topic. */
  stretches(topic: Topic): Stretch[] {
    const touched = this.#snapshot.get(topicVector, [topic]);
    if (!touched) return [];
    const out = new Map<string, Stretch>();
    for (const origin of [...(Object.keys(touched) as Origin[]), ...this.#lateTails]) {
      const seq = touched[origin] ?? Number.MAX_SAFE_INTEGER;
      if (!this.isNew({ origin, seq })) continue;
      for (const stretch of this.#stretchesOf(origin)) {
        out.set(`${stretch.box} ${stretch.incarnation ?? ""}`, stretch);
      }
    }
    return [...out.values()];
  }

  /**
   * A topic's vector may omit a finished incarnation where it names a later one. So beyond the latest
   * incarnation that the client knows of a box all are looked at, and the rest of that one too.
   */
  #stretchesOf(origin: Origin): Stretch[] {
    const box = boxOf(origin);
    const seq = this.since[origin];
    if (seq !== undefined) return [{ box, incarnation: incarnationOf(origin), after: seq }];
    let latest: number | undefined;
    let after: number | undefined;
    for (const known of Object.keys(this.since) as Origin[]) {
      if (boxOf(known) !== box || incarnationOf(known) < (latest ?? 0)) continue;
      latest = incarnationOf(known);
      after = this.since[known];
    }
    const later = { box, incarnation: undefined, after: latest };
    return latest === undefined ? [later] : [{ box, incarnation: latest, after }, later];
  }

  async #readStretch(topic: Topic, stretch: Stretch, rowsMax: number): Promise<TopicNews> {
    const { box, incarnation, after } = stretch;
    const rows = await this.#snapshot.range(topicLog, {
      prefix: incarnation === undefined ? [topic, box] : [topic, box, incarnation],
      ...(after === undefined ? {} : { after: [after] }),
      reverse: true,
      limit: rowsMax + 1,
    });
    const items: NewsItem[] = [];
    for (const [[, , inc, seq], entries] of rows.slice(0, rowsMax)) {
      const dot: Dot = { origin: originOf(box, inc), seq };
      for (const entry of entries) items.push({ dot, entry });
    }
    return { items, complete: rows.length <= rowsMax };
  }
}

/**
 * Incarnations that ended after what the client knows of them, though it knows a later one of the same
 * box. Only between such a late tail's arrival and the client's next sync is there one.
 */
function lateTails(snapshot: Snapshot, since: Vector): Origin[] {
  const origins = Object.keys(since) as Origin[];
  if (origins.length < 2) return [];
  return origins.filter((origin) => {
    const isLatest = !origins.some(
      (other) => boxOf(other) === boxOf(origin) && incarnationOf(other) > incarnationOf(origin),
    );
    if (isLatest || snapshot.vector[origin] !== undefined) return false;
    const end = snapshot.get(closedOrigins, [origin]);
    return end !== undefined && end > (since[origin] ?? 0);
  });
}
