import { isObject, parseJson } from "../../core/json.ts";
import { parseVector } from "../../core/vector.ts";
import type { Vector } from "../../core/vector.ts";
import type { ProtocolRange } from "./protocol.ts";

/**
 * What boxes say on a link's `replica` channel. On the wire: one letter, then
 * `h` JSON {protocol, oldest?, vector}, the newest and the oldest version spoken · `v` JSON vector ·
 * `e` entries, one JSON text a line · `c` JSON vector, confirming one `e` · `g` JSON boolean.
 */
export type Frame =
  | { readonly kind: "hello"; readonly speaks: ProtocolRange; readonly vector: Vector }
  /** What the sender has on disk. */
  | { readonly kind: "vector"; readonly vector: Vector }
  | { readonly kind: "entries"; readonly texts: readonly string[] }
  /** One batch of entries was taken in; `vector` is what the sender has on disk now. */
  | { readonly kind: "confirm"; readonly vector: Vector }
  /** Has the sender dropped entries that the receiver lacks? Said when it changes. */
  | { readonly kind: "gone"; readonly isGone: boolean };

/** Lines in one entries frame; twice what this version sends. */
const ENTRIES_MAX = 1000;

export function encodeFrame(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case "hello":
      return encodeHello(frame.speaks, frame.vector);
    case "vector":
      return Buffer.from(`v${JSON.stringify(frame.vector)}`);
    case "entries":
      return Buffer.from(`e${frame.texts.join("\n")}`);
    case "confirm":
      return Buffer.from(`c${JSON.stringify(frame.vector)}`);
    case "gone":
      return Buffer.from(`g${frame.isGone}`);
  }
}

/** Undefined for bytes that are no frame: logged and dropped by the caller. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  const body = text.slice(1);
  switch (text[0]) {
    case "h":
      return decodeHello(body);
    case "v":
      return decodeVectorFrame("vector", body);
    case "c":
      return decodeVectorFrame("confirm", body);
    case "g":
      return body === "true" || body === "false"
        ? { kind: "gone", isGone: body === "true" }
        : undefined;
    case "e": {
      const texts = body.split("\n");
      return texts.length <= ENTRIES_MAX ? { kind: "entries", texts } : undefined;
    }
    default:
      return undefined;
  }
}

function encodeHello({ newest, oldest }: ProtocolRange, vector: Vector): Uint8Array {
  return Buffer.from(`h${JSON.stringify({ protocol: newest, oldest, vector })}`);
}

function decodeHello(body: string): Frame | undefined {
  const value = parseJson(body);
  if (!isObject(value)) return undefined;
  const { protocol: newest, oldest = newest, vector } = value;
  const parsed = parseVector(vector);
  if (!isVersion(newest) || !isVersion(oldest) || parsed === undefined) return undefined;
  return { kind: "hello", speaks: { oldest, newest }, vector: parsed };
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function decodeVectorFrame(kind: "vector" | "confirm", body: string): Frame | undefined {
  const vector = parseVector(parseJson(body));
  return vector === undefined ? undefined : { kind, vector };
}
