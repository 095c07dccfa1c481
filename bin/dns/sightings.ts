import type { BoxId } from "../../core/ids.ts";
import { parseBoxId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import type { Logger } from "../../core/ports.ts";
import type { Transport } from "../../mesh/transport/transport.ts";

const METHOD = "sightings";
/** A box that has not answered by then is not seen this time, milliseconds. */
const ANSWER_TIMEOUT_MS = 3000;
/** Boxes that one answer may name; a mesh has seven. */
const SEEN_MAX = 32;

/** What a box says of itself and of those that it hears. */
interface Sighting {
  readonly serves: boolean;
  /** Does it have a program that keeps the DNS records? */
  readonly keeps: boolean;
  /** Connected boxes that told it themselves that they serve. */
  readonly sees: readonly BoxId[];
}

export interface Seen {
  /** Boxes heard here, this one included, that serve and keep the DNS records. */
  readonly keepers: readonly BoxId[];
  /** Boxes that answer clients, as they say or as one that hears them says. */
  readonly serving: ReadonlySet<BoxId>;
}

export interface SightingsDeps {
  readonly transport: Transport;
  /** Does this box answer clients? */
  readonly serves: () => boolean;
  readonly keeps: boolean;
  readonly logger: Logger;
}

/** Boxes ask each other who answers clients. */
export class Sightings {
  readonly #deps: SightingsDeps;
  /** Connected boxes that said so when they were last asked. */
  #sees: readonly BoxId[] = [];
  /** Has another box asked since the last look? In a mesh without a program nobody does, nor need look. */
  #isAsked = false;

  constructor(deps: SightingsDeps) {
    this.#deps = deps;
    deps.transport.onRequest(METHOD, async () => {
      this.#isAsked = true;
      const own: Sighting = { serves: deps.serves(), keeps: deps.keeps, sees: this.#sees };
      return Buffer.from(JSON.stringify(own));
    });
  }

  get isAsked(): boolean {
    return this.#isAsked;
  }

  async look(): Promise<Seen> {
    const { transport, serves, keeps } = this.#deps;
    this.#isAsked = false;
    const linked = transport.links().map(({ box }) => box);
    const told = await Promise.all(linked.map(async (box) => ({ box, ...(await this.#ask(box)) })));
    const near = told.filter((said) => said.serves);
    this.#sees = near.map(({ box }) => box);
    if (serves()) near.push({ box: transport.self, serves: true, keeps, sees: this.#sees });
    return {
      keepers: near.filter((said) => said.keeps).map(({ box }) => box),
      serving: new Set(told.flatMap(({ sees = [] }) => sees).concat(near.map(({ box }) => box))),
    };
  }

  async #ask(box: BoxId): Promise<Sighting | undefined> {
    const { transport, logger } = this.#deps;
    const opts = { timeoutMs: ANSWER_TIMEOUT_MS };
    try {
      const said = await transport.request(box, METHOD, new Uint8Array(), opts);
      return parseSighting(JSON.parse(Buffer.from(said).toString()));
    } catch (error) {
      logger.debug({ box, err: error }, "a box did not say whether it serves");
      return undefined;
    }
  }
}

function parseSighting(value: unknown): Sighting | undefined {
  if (!isObject(value)) return undefined;
  const { serves, keeps, sees } = value;
  if (typeof serves !== "boolean" || typeof keeps !== "boolean") return undefined;
  if (!Array.isArray(sees) || sees.length > SEEN_MAX) return undefined;
  return { serves, keeps, sees: sees.map(parseBoxId).filter((box) => box !== undefined) };
}
