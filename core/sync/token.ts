import { invalidParam } from "../errors.ts";
import type { Origin, Vector } from "../vector.ts";
import { decodeVector, encodeVector, parseOrigin } from "../vector.ts";

export const SYNC_TOKEN_PREFIX = "s1_";

export interface EphemeralPlace {
  readonly origin: Origin;
  readonly serial: number;
}

/**
 * What a client has been told. Any box can continue from it.
 * `s1_` and the vector, then optional parts, each after a dot with its letter:
 * `.d` to-device messages, where they lag behind the vector, since at most 100 go into a response;
 * `.f` where a box that lacked a part of the vector had news: up to this vector the client knows room state,
 * account data, receipts and device keys exactly, and that box knew which rooms the user is in;
 * `.e` the ephemeral serial and the life of the box that counts it.
 */
export interface SyncToken {
  readonly vector: Vector;
  readonly toDevice?: Vector;
  readonly stateFloor?: Vector;
  readonly ephemeral?: EphemeralPlace;
}

export function encodeSyncToken(token: SyncToken): string {
  let text = SYNC_TOKEN_PREFIX + encodeVector(token.vector);
  if (token.toDevice) text += `.d${encodeVector(token.toDevice)}`;
  if (token.stateFloor) text += `.f${encodeVector(token.stateFloor)}`;
  if (token.ephemeral) {
    const { origin, serial } = token.ephemeral;
    text += `.e${origin.replace(".", "")}-${serial.toString(36)}`;
  }
  return text;
}

/** Throws MatrixError 400 M_INVALID_PARAM. */
export function parseSyncToken(text: string): SyncToken {
  const token = decode(text);
  if (!token) throw invalidParam("The sync token is not one that this server made.");
  return token;
}

function decode(text: string): SyncToken | undefined {
  if (!text.startsWith(SYNC_TOKEN_PREFIX)) return undefined;
  const [first = "", ...parts] = text.slice(SYNC_TOKEN_PREFIX.length).split(".");
  const vector = decodeVector(first);
  if (!vector) return undefined;
  let token: SyncToken = { vector };
  for (const part of parts) {
    const next = withPart(token, part.slice(0, 1), part.slice(1));
    if (!next) return undefined;
    token = next;
  }
  return token;
}

function withPart(token: SyncToken, letter: string, text: string): SyncToken | undefined {
  if (letter === "e") {
    const ephemeral = decodePlace(text);
    return ephemeral && { ...token, ephemeral };
  }
  const vector = decodeVector(text);
  if (!vector) return undefined;
  if (letter === "d") return { ...token, toDevice: vector };
  return letter === "f" ? { ...token, stateFloor: vector } : undefined;
}

function decodePlace(text: string): EphemeralPlace | undefined {
  const [life = "", serialText = "", ...rest] = text.split("-");
  const origin = parseOrigin(`${life.slice(0, 8)}.${life.slice(8)}`);
  if (!origin || rest.length > 0 || !/^[0-9a-z]{1,10}$/.test(serialText)) return undefined;
  return { origin, serial: Number.parseInt(serialText, 36) };
}
