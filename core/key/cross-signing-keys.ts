import { canonicalJson } from "../event/canonical-json.ts";
import { isSignedJson } from "../event/sign.ts";
import { forbidden, invalidParam, MatrixError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { View } from "../ports.ts";
import type { Services } from "../services.ts";
import { fields } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { userDoc } from "../user-data/section.ts";
import { KEY_BYTES_MAX } from "./constants.ts";

export const USAGES = ["master", "self_signing", "user_signing"] as const;
export type Usage = (typeof USAGES)[number];
export type CrossSigningKeys = Partial<Readonly<Record<Usage, JsonObject>>>;

const SECTION = "cross_signing";
const PUBLIC_KEY_BYTES = 32;

/** The public half of a key object that was checked when it was uploaded, unpadded base64. */
export function publicKeyOf(key: JsonObject): string | undefined {
  const [value] = isObject(key["keys"]) ? Object.values(key["keys"]) : [];
  return typeof value === "string" ? value : undefined;
}

export function crossSigningKey(view: View, user: UserId, usage: Usage): JsonObject | undefined {
  const key = view.get(fields, [userDoc(user), SECTION, usage]);
  return isObject(key) ? key : undefined;
}

/**
 * Must the user authenticate to upload these? Not for the first keys and not for the same keys again.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload
 */
export function uploadNeedsAuthentication(
  view: View,
  user: UserId,
  keys: CrossSigningKeys,
): boolean {
  if (crossSigningKey(view, user, "master") === undefined) return false;
  return USAGES.some((usage) => {
    const given = keys[usage];
    if (given === undefined) return false;
    const stored = crossSigningKey(view, user, usage);
    return stored === undefined || publicKeyOf(stored) !== publicKeyOf(given);
  });
}

export interface CrossSigningUpload {
  readonly user: UserId;
  readonly keys: CrossSigningKeys;
  /** Did the user pass interactive authentication for this request? */
  readonly authenticated: boolean;
}

/**
 * Publishes cross-signing keys.
 * @throws MatrixError 400 M_INVALID_SIGNATURE, M_MISSING_PARAM without a master key, 403 for a key that
 * is the ID of a device
 */
export async function uploadUserKeys(
  deps: Pick<Services, "runner">,
  input: CrossSigningUpload,
): Promise<void> {
  await deps.runner.run(publishUserKeys, input);
}

/** Command of `uploadUserKeys`. */
export function publishUserKeys(draft: Draft, input: CrossSigningUpload): void {
  const { user, keys } = input;
  if (!input.authenticated && uploadNeedsAuthentication(draft, user, keys)) {
    throw forbidden("other keys were uploaded meanwhile, try again");
  }
  for (const usage of USAGES) {
    const key = keys[usage];
    if (key) checkShape(draft, user, usage, key);
  }
  const before = crossSigningKey(draft, user, "master");
  const master = keys.master ?? before;
  if (master === undefined) {
    throw new MatrixError(400, "M_MISSING_PARAM", "there is no master signing key");
  }
  for (const usage of ["self_signing", "user_signing"] as const) {
    const key = keys[usage];
    if (key) checkSignedByMaster(user, master, usage, key);
    // What an earlier master key signed means nothing under the new one.
    else if (before && publicKeyOf(before) !== publicKeyOf(master)) store(draft, user, usage);
  }
  for (const usage of USAGES) {
    const key = keys[usage];
    if (key) store(draft, user, usage, key);
  }
}

function store(draft: Draft, user: UserId, usage: Usage, key?: JsonObject): void {
  const before = crossSigningKey(draft, user, usage);
  if (key && before && canonicalJson(before) === canonicalJson(key)) return;
  draft.setField(userDoc(user), SECTION, usage, key);
}

function checkShape(view: View, user: UserId, usage: Usage, key: JsonObject): void {
  const refuse = (why: string): MatrixError => invalidParam(`${usage}_key: ${why}`);
  if (key["user_id"] !== user) throw refuse("user_id must be that of the access token");
  if (!Array.isArray(key["usage"]) || !key["usage"].includes(usage)) {
    throw refuse(`usage must name ${usage}`);
  }
  const entries = isObject(key["keys"]) ? Object.entries(key["keys"]) : [];
  const [name, value] = entries[0] ?? [];
  if (entries.length !== 1 || typeof value !== "string" || name !== `ed25519:${value}`) {
    throw refuse("keys must have one entry, ed25519:<key>: <key>");
  }
  const isKey = Buffer.from(value, "base64").length === PUBLIC_KEY_BYTES;
  if (!isKey || value.endsWith("=")) throw refuse("the key must be 32 bytes of unpadded base64");
  if (Buffer.byteLength(canonicalJson(key)) > KEY_BYTES_MAX) throw refuse("the key is too large");
  if (view.get(fields, [userDoc(user), "devices", value]) !== undefined) {
    throw forbidden("the public key is the ID of one of your devices");
  }
}

function checkSignedByMaster(
  user: UserId,
  master: JsonObject,
  usage: Usage,
  key: JsonObject,
): void {
  const publicKey = publicKeyOf(master) ?? "";
  if (isSignedJson(key, user, `ed25519:${publicKey}`, publicKey)) return;
  const message = `the ${usage} key is not signed by the master key`;
  throw new MatrixError(400, "M_INVALID_SIGNATURE", message);
}
