import { parseJson } from "../../core/json.ts";
import type { Snapshot } from "../../core/ports.ts";
import { EMPTY_VECTOR, parseVector } from "../../core/vector.ts";
import type { Vector } from "../../core/vector.ts";
import { decodeKey, encodeKey, rangeOf } from "./keys.ts";
import { VECTOR_KEY } from "./mesh-keys.ts";
import type { StoreSnapshot } from "./store.ts";

/** Decodes the value of a key, from `text` unless it is known already. */
export type Decode = (key: string, text: () => string | undefined) => unknown;

/** One snapshot of the store under many of core's, closed with the last of them. */
export class SharedSnapshot {
  readonly #snapshot: StoreSnapshot;
  readonly #decode: Decode;
  #vector: Vector | undefined;
  /** One for the maker. */
  #users = 1;

  constructor(snapshot: StoreSnapshot, decode: Decode) {
    this.#snapshot = snapshot;
    this.#decode = decode;
  }

  get vector(): Vector {
    this.#vector ??= this.#readVector();
    return this.#vector;
  }

  open(): Snapshot {
    this.#users++;
    const snapshot = this.#snapshot;
    const decode = this.#decode;
    const vectorOf = (): Vector => this.vector;
    let open = true;
    const close = (): void => {
      if (open) this.release();
      open = false;
    };
    return {
      get vector() {
        return vectorOf();
      },
      get(table, key) {
        const text = encodeKey(table, key);
        return decode(text, () => snapshot.get(text)) as never;
      },
      async range(table, range) {
        const rows = await snapshot.range(rangeOf(table, range));
        return rows.map(
          ([key, text]) => [decodeKey(table, key), decode(key, () => text)] as [never, never],
        );
      },
      close,
      [Symbol.dispose]: close,
    };
  }

  release(): void {
    this.#users--;
    if (this.#users === 0) this.#snapshot.close();
  }

  #readVector(): Vector {
    const text = this.#snapshot.get(VECTOR_KEY);
    if (text === undefined) return EMPTY_VECTOR;
    const vector = parseVector(parseJson(text));
    if (vector === undefined) throw new Error("the store holds a damaged vector");
    return vector;
  }
}
