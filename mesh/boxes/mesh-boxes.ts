import { isObject } from "../../core/json.ts";
import type { Json } from "../../core/json.ts";
import type { BoxId, DeviceId, UserId } from "../../core/ids.ts";
import { parseDeviceId, parseUserId } from "../../core/ids.ts";
import type { Boxes, Logger } from "../../core/ports.ts";
import type { Origin } from "../../core/vector.ts";
import type { Transport } from "../transport/transport.ts";

const METHOD = "one-time-key";
/** A box that has not answered by then is passed over: the client waits for the key, milliseconds. */
const ANSWER_TIMEOUT_MS = 2000;
/** UTF-16 units of an algorithm's name, as in an upload of keys. */
const ALGORITHM_LENGTH_MAX = 255;

export interface KeyWish {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly algorithm: string;
}

export interface MeshBoxesDeps {
  readonly transport: Transport;
  readonly members: () => readonly BoxId[];
  /** See `Boxes`. */
  readonly mayHandOut: (life: Origin | undefined) => boolean;
  readonly logger: Logger;
}

/** Asks other boxes for what only they may give, and answers them. */
export class MeshBoxes implements Boxes {
  readonly #deps: MeshBoxesDeps;

  constructor(deps: MeshBoxesDeps) {
    this.#deps = deps;
  }

  get self(): BoxId {
    return this.#deps.transport.self;
  }

  members(): readonly BoxId[] {
    return this.#deps.members();
  }

  reachable(): readonly BoxId[] {
    return this.#deps.transport.links().map(({ box }) => box);
  }

  mayHandOut(life: Origin | undefined): boolean {
    return this.#deps.mayHandOut(life);
  }

  async claimOneTimeKey(
    box: BoxId,
    user: UserId,
    device: string,
    algorithm: string,
  ): Promise<{ readonly keyId: string; readonly key: Json } | undefined> {
    const wish = Buffer.from(JSON.stringify({ user, device, algorithm }));
    try {
      const said = await this.#deps.transport.request(box, METHOD, wish, {
        timeoutMs: ANSWER_TIMEOUT_MS,
      });
      return parseKey(JSON.parse(Buffer.from(said).toString()));
    } catch (error) {
      this.#deps.logger.debug({ box, err: error }, "a box did not lend a one-time key");
      return undefined;
    }
  }

  /** `take` hands out one of this box's own keys; it answers once that is on disk. */
  serve(take: (wish: KeyWish) => Promise<{ keyId: string; key: unknown } | undefined>): void {
    this.#deps.transport.onRequest(METHOD, async (_from, body) => {
      const wish = parseWish(JSON.parse(Buffer.from(body).toString()));
      if (!wish) throw new Error("not a wish for a one-time key");
      return Buffer.from(JSON.stringify((await take(wish)) ?? null));
    });
  }
}

function parseWish(value: unknown): KeyWish | undefined {
  if (!isObject(value)) return undefined;
  const user = parseUserId(value["user"]);
  const device = parseDeviceId(value["device"]);
  const { algorithm } = value;
  if (!user || !device || typeof algorithm !== "string") return undefined;
  return algorithm.length <= ALGORITHM_LENGTH_MAX ? { user, device, algorithm } : undefined;
}

/** A signed key is an object, an unsigned one its text. */
function parseKey(value: unknown): { keyId: string; key: Json } | undefined {
  if (!isObject(value)) return undefined;
  const { keyId, key } = value;
  if (typeof keyId !== "string") return undefined;
  return isObject(key) || typeof key === "string" ? { keyId, key } : undefined;
}
