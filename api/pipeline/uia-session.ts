import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Json } from "../../core/json.ts";
import type { Services } from "../../core/services.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";

/** A session is good for this long, in ms: someone types a password or looks for a token. */
const SESSION_MS = 60 * 60_000;
/** Characters of a sealed session; one with a registration token has about 400. */
const SESSION_CHARACTERS_MAX = 1024;
const SESSION_ID_BYTES = 12;

/** What a session string carries: JSON, then its MAC, so that any box can continue it. */
export interface Session {
  readonly id: string;
  /** Hash of what it authorises: method, path and user. It is good for nothing else. */
  readonly purpose: string;
  readonly expires: number;
  readonly completed: readonly string[];
  readonly registrationToken?: string;
}

export function newSession(services: Services, purpose: string): Session {
  return {
    id: Buffer.from(services.random.bytes(SESSION_ID_BYTES)).toString("base64url"),
    purpose: hashOf(purpose),
    expires: millisecondsOf(services.now()) + SESSION_MS,
    completed: [],
  };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function macOf(key: Uint8Array, payload: string): Buffer {
  return createHmac("sha256", key).update(`uia:${payload}`).digest();
}

export function sealSession(services: Services, session: Session): string {
  const [key] = services.tokenKeys;
  if (key === undefined) throw new Error("there is no token key to sign with");
  const payload = Buffer.from(JSON.stringify(session)).toString("base64url");
  return `${payload}.${macOf(key.key, payload).toString("base64url")}`;
}

/** The session of a string that a box of this mesh sealed for this purpose and that has not ended. */
export function openSession(
  services: Services,
  text: Json | undefined,
  purpose: string,
): Session | undefined {
  if (typeof text !== "string" || text.length > SESSION_CHARACTERS_MAX) return undefined;
  const [payload = "", mac = ""] = text.split(".");
  const given = Buffer.from(mac, "base64url");
  const genuine = services.tokenKeys.some(({ key }) => {
    const expected = macOf(key, payload);
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
  if (!genuine) return undefined;
  const session = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Session;
  const alive = session.expires > millisecondsOf(services.now());
  return alive && session.purpose === hashOf(purpose) ? session : undefined;
}
