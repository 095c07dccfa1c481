import type { Snapshot } from "../ports.ts";
import { topicLog, topicVector } from "../tables.ts";
import type { LogEntry, Topic } from "../tables.ts";
import type { Dot, Origin, Vector } from "../vector.ts";
import { covers, EMPTY_VECTOR, includes, originOf } from "../vector.ts";
import { stretchesBeyond } from "./vectors.ts";
import type { Stretch } from "./vectors.ts";

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

/** What a client that has been told `since` does not know, on one snapshot. */
export class News {
  readonly since: Vector;
  readonly #snapshot: Snapshot;

  constructor(snapshot: Snapshot, since: Vector | undefined) {
    this.#snapshot = snapshot;
    this.since = since ?? EMPTY_VECTOR;
  }

  /** Has the client been told things that are not here yet? */
  get isAhead(): boolean {
    return !includes(this.#snapshot.vector, this.since);
  }

  isNew(dot: Dot): boolean {
    return !covers(this.since, dot);
  }

  /**
   * Is there anything new in a topic? Costs one look-up. What the newest transactions of a topic rest
   * on is not named there: who was told of those was told of it, since tokens are closed under causes.
   */
  touches(topic: Topic): boolean {
    const touched = this.#snapshot.get(topicVector, [topic]);
    if (!touched) return false;
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

  /** Where rows keyed by box, incarnation and sequence can be new, if the topic has news. */
  stretches(topic: Topic): Stretch[] {
    return this.touches(topic) ? stretchesBeyond(this.#snapshot.vector, this.since) : [];
  }

  async #readStretch(topic: Topic, stretch: Stretch, rowsMax: number): Promise<TopicNews> {
    const { box, ...bounds } = stretch;
    const rows = await this.#snapshot.range(topicLog, {
      prefix: [topic, box],
      ...bounds,
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
