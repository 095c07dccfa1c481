import { isObject } from "../../core/json.ts";
import type { BoxId } from "../../core/ids.ts";
import type { Logger } from "../../core/ports.ts";
import { freeBytesOf } from "../../mesh/store/level-store.ts";
import type { Store } from "../../mesh/store/store.ts";
import type { Transport } from "../../mesh/transport/transport.ts";

const METHOD = "box-facts";
/** The owner waits for the slowest box, milliseconds. */
const ANSWER_TIMEOUT_MS = 1500;

/** What a box says of itself. */
export interface BoxFacts {
  readonly version: string;
  /** Null where the disk does not say. */
  readonly diskUsedBytes: number | null;
  readonly diskFreeBytes: number | null;
  readonly memoryBytes: number;
  /** Something in its store has rotted: nobody should copy it. */
  readonly isRotten: boolean;
}

export interface BoxFactsDeps {
  readonly transport: Transport;
  readonly store: Pick<Store, "sizeBytes">;
  readonly home: string;
  readonly version: string;
  readonly isRotten: () => boolean;
  readonly logger: Logger;
}

/** Facts of this box for the others, and of the others as they last told them. */
export class BoxFactsExchange {
  readonly #deps: BoxFactsDeps;
  readonly #known = new Map<BoxId, BoxFacts>();

  constructor(deps: BoxFactsDeps) {
    this.#deps = deps;
    deps.transport.onRequest(METHOD, async () => Buffer.from(JSON.stringify(await this.own())));
  }

  async own(): Promise<BoxFacts> {
    const { version, store, home } = this.#deps;
    return {
      version,
      diskUsedBytes: await this.#unlessFailing(store.sizeBytes()),
      diskFreeBytes: await this.#unlessFailing(freeBytesOf(home)),
      memoryBytes: process.memoryUsage.rss(),
      isRotten: this.#deps.isRotten(),
    };
  }

  /** The owner must hear from a box above all when its disk fails. */
  async #unlessFailing(bytes: Promise<number>): Promise<number | null> {
    try {
      return await bytes;
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "the disk does not say how full it is");
      return null;
    }
  }

  /** Fresh where the box answers in time, otherwise what it said last. */
  async of(box: BoxId): Promise<BoxFacts | undefined> {
    if (box === this.#deps.transport.self) return this.own();
    return (await this.ask(box)) ?? this.#known.get(box);
  }

  /** Fresh, or nothing. */
  async ask(box: BoxId): Promise<BoxFacts | undefined> {
    const { transport, logger } = this.#deps;
    try {
      const said = await transport.request(box, METHOD, new Uint8Array(), {
        timeoutMs: ANSWER_TIMEOUT_MS,
      });
      const facts = parseFacts(JSON.parse(Buffer.from(said).toString()));
      if (facts) this.#known.set(box, facts);
      return facts;
    } catch (error) {
      logger.debug({ box, err: error }, "a box did not tell about itself");
      return undefined;
    }
  }
}

function parseFacts(value: unknown): BoxFacts | undefined {
  if (!isObject(value)) return undefined;
  const { version, diskUsedBytes, diskFreeBytes, memoryBytes } = value;
  // It is shown on the owner's terminal.
  if (typeof version !== "string" || !/^[\w.+-]{1,64}$/.test(version)) return undefined;
  if (!isSize(diskUsedBytes) || !isSize(diskFreeBytes)) return undefined;
  if (typeof memoryBytes !== "number") return undefined;
  const isRotten = value["isRotten"] === true;
  return { version, diskUsedBytes, diskFreeBytes, memoryBytes, isRotten };
}

function isSize(value: unknown): value is number | null {
  return value === null || typeof value === "number";
}
