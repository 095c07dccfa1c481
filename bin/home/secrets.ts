import type { Json, JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { HomeError } from "./error.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";

/** Bytes of each key and seed here. */
export const SECRET_BYTES = 32;

/** What all boxes of one server share, and rotate together when a box is stolen. */
export interface SharedSecrets {
  /** Pre-shared key that encloses every mesh connection. */
  readonly meshPsk: Uint8Array;
  /** Signs access tokens; `kid` names the key inside a token. */
  readonly tokenSecret: { readonly kid: string; readonly key: Uint8Array };
  /** The homeserver's Ed25519 key; `keyId` is `ed25519:…` as published. */
  readonly signingKey: { readonly keyId: string; readonly seed: Uint8Array };
}

export interface Secrets extends SharedSecrets {
  /** The box's own peer identity; never leaves it. */
  readonly boxSeed: Uint8Array;
}

export type RandomBytes = (length: number) => Uint8Array;

export function newSecrets(random: RandomBytes): Secrets {
  return {
    boxSeed: random(SECRET_BYTES),
    meshPsk: random(SECRET_BYTES),
    tokenSecret: { kid: shortName(random), key: random(SECRET_BYTES) },
    signingKey: { keyId: `ed25519:${shortName(random)}`, seed: random(SECRET_BYTES) },
  };
}

/** Six hex digits: enough to tell the few keys of one server apart. */
function shortName(random: RandomBytes): string {
  return Buffer.from(random(3)).toString("hex");
}

export function loadSecrets(file: string): Secrets {
  const value = readJsonFile(file);
  const shared = decodeSharedSecrets(value);
  const boxSeed = decodeKey(value["box_seed"]);
  if (value["version"] !== 1 || shared === undefined || boxSeed === undefined) {
    throw new HomeError("HOME_DAMAGED", `${file} does not hold the secrets of a box`);
  }
  return { ...shared, boxSeed };
}

export function saveSecrets(file: string, secrets: Secrets): void {
  const box_seed = encodeKey(secrets.boxSeed);
  writeJsonFile(file, { version: 1, box_seed, ...encodeSharedSecrets(secrets) });
}

export function encodeSharedSecrets(secrets: SharedSecrets): JsonObject {
  const { meshPsk, tokenSecret, signingKey } = secrets;
  return {
    mesh_psk: encodeKey(meshPsk),
    token_secret: { kid: tokenSecret.kid, key: encodeKey(tokenSecret.key) },
    signing_key: { key_id: signingKey.keyId, seed: encodeKey(signingKey.seed) },
  };
}

/** Undefined when a member is missing or malformed. */
export function decodeSharedSecrets(value: JsonObject): SharedSecrets | undefined {
  const { token_secret: token, signing_key: signing } = value;
  if (!isObject(token) || !isObject(signing)) return undefined;
  const meshPsk = decodeKey(value["mesh_psk"]);
  const key = decodeKey(token["key"]);
  const seed = decodeKey(signing["seed"]);
  const kid = token["kid"];
  const keyId = signing["key_id"];
  if (meshPsk === undefined || key === undefined || seed === undefined) return undefined;
  if (typeof kid !== "string" || !/^[0-9A-Za-z_]{1,32}$/.test(kid)) return undefined;
  if (typeof keyId !== "string" || !/^ed25519:[0-9A-Za-z_]{1,32}$/.test(keyId)) return undefined;
  return { meshPsk, tokenSecret: { kid, key }, signingKey: { keyId, seed } };
}

export const encodeKey = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** Undefined when it is no text of a key. */
export function decodeKey(value: Json | undefined): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = new Uint8Array(Buffer.from(value, "base64url"));
  return bytes.length === SECRET_BYTES ? bytes : undefined;
}
