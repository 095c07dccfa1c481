import { isObject, parseJson } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RoomId, UserId } from "../../core/ids.ts";
import type { Ephemeral, EphemeralFact, Timers, WakeTopic } from "../../core/ports.ts";
import type { Transport } from "../transport/transport.ts";

const TOPIC = "ephemeral";
/** Facts kept: everybody of a big family typing and online, many times over. */
const FACTS_MAX = 10_000;
/** Characters of one fact as JSON. */
const FACT_LENGTH_MAX = 4096;
/** An ended fact is remembered this long, so that clients that hop learn that it ended, milliseconds. */
const ENDED_KEPT_MS = 120_000;
/** No fact lives longer without being said again, milliseconds. */
const TTL_MAX_MS = 10 * 60_000;

type Kind = EphemeralFact["kind"];

interface Kept {
  fact: EphemeralFact;
  timer: { cancel(): void };
}

/** Who types and who is online: told to the boxes that are connected now, kept in memory alone. */
export class GossipedFacts implements Ephemeral {
  readonly #transport: Pick<Transport, "publish" | "onPublish">;
  readonly #timers: Timers;
  readonly #touch: (topics: Iterable<WakeTopic>) => void;
  readonly #facts = new Map<string, Kept>();
  #serial = 0;

  constructor(deps: {
    readonly transport: Pick<Transport, "publish" | "onPublish">;
    readonly timers: Timers;
    readonly touch: (topics: Iterable<WakeTopic>) => void;
  }) {
    this.#transport = deps.transport;
    this.#timers = deps.timers;
    this.#touch = deps.touch;
    this.#transport.onPublish(TOPIC, (_from, data) => this.#heard(data));
  }

  get serial(): number {
    return this.#serial;
  }

  set(kind: Kind, key: string, value: JsonObject, ttlMs: number): void {
    this.#keep(kind, key, value, ttlMs);
    this.#transport.publish(TOPIC, Buffer.from(JSON.stringify({ kind, key, value, ttlMs })));
  }

  since(serial: number): readonly EphemeralFact[] {
    const found: EphemeralFact[] = [];
    for (const { fact } of this.#facts.values()) if (fact.serial > serial) found.push(fact);
    return found.toSorted((a, b) => a.serial - b.serial);
  }

  get(kind: Kind, key: string): EphemeralFact | undefined {
    return this.#facts.get(`${kind} ${key}`)?.fact;
  }

  stop(): void {
    for (const { timer } of this.#facts.values()) timer.cancel();
    this.#facts.clear();
  }

  #heard(data: Uint8Array): void {
    if (data.length > FACT_LENGTH_MAX) return;
    const said = parseJson(Buffer.from(data).toString());
    if (!isObject(said)) return;
    const { kind, key, value, ttlMs } = said;
    if (kind !== "typing" && kind !== "presence") return;
    if (typeof key !== "string" || !isObject(value) || typeof ttlMs !== "number") return;
    this.#keep(kind, key, value, ttlMs);
  }

  /** A fact that lives for no time has ended. */
  #keep(kind: Kind, key: string, value: JsonObject, ttlMs: number): void {
    const id = `${kind} ${key}`;
    this.#facts.get(id)?.timer.cancel();
    // Kept in order of change, so the first is the oldest.
    this.#facts.delete(id);
    const oldest = this.#facts.keys().next().value;
    if (this.#facts.size >= FACTS_MAX && oldest !== undefined) {
      this.#facts.get(oldest)?.timer.cancel();
      this.#facts.delete(oldest);
    }
    const lifeMs = Math.min(Math.max(0, ttlMs), TTL_MAX_MS);
    const ended = lifeMs === 0;
    const fact: EphemeralFact = { kind, key, value, serial: ++this.#serial, ended };
    const timer = ended
      ? this.#timers.after(ENDED_KEPT_MS, () => this.#facts.delete(id))
      : this.#timers.after(lifeMs, () => this.#keep(kind, key, value, 0));
    this.#facts.set(id, { fact, timer });
    this.#touch([topicOf(kind, key)]);
  }
}

function topicOf(kind: Kind, key: string): WakeTopic {
  if (kind === "presence") return `presence:${key as UserId}`;
  return `typing:${key.split("\u001f")[0] as RoomId}`;
}
