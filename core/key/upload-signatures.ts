import { canonicalJson } from "../event/canonical-json.ts";
import { isSignedJson } from "../event/sign.ts";
import { invalidParam, isTrouble, MatrixError } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import { parseUserId } from "../ids.ts";
import type { View } from "../ports.ts";
import type { Services } from "../services.ts";
import { fields } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { userDoc } from "../user-data/section.ts";
import { SIGNATURES_PER_UPLOAD_MAX } from "./constants.ts";
import { crossSigningKey, publicKeyOf } from "./cross-signing-keys.ts";
import {
  OWN_SIGNATURES,
  ownSignatureKey,
  USER_SIGNATURES,
  userSignatureKey,
} from "./signature-store.ts";

interface SignatureUpload {
  readonly user: UserId;
  /** user → key ID → signed object */
  readonly signed: JsonObject;
}

/** user → key ID → error */
export type SignatureFailures = Record<string, Record<string, JsonObject>>;

/**
 * Stores the signatures that are good and returns the errors of the others.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keyssignaturesupload
 */
export async function uploadSignatures(
  deps: Pick<Services, "runner">,
  input: SignatureUpload,
): Promise<SignatureFailures> {
  return deps.runner.run(storeSignatures, input);
}

/** Command of `uploadSignatures`. */
export function storeSignatures(draft: Draft, input: SignatureUpload): SignatureFailures {
  const failures: SignatureFailures = {};
  let seen = 0;
  for (const [name, keys] of Object.entries(input.signed)) {
    const owner = parseUserId(name);
    if (owner === undefined || !isObject(keys)) throw invalidParam(`${name} is not a user ID`);
    for (const [target, signed] of Object.entries(keys)) {
      seen++;
      if (seen > SIGNATURES_PER_UPLOAD_MAX) throw invalidParam("too many signatures in one upload");
      try {
        storeOne(draft, input.user, owner, target, isObject(signed) ? signed : {});
      } catch (error) {
        if (!(error instanceof MatrixError) || isTrouble(error)) throw error;
        failures[owner] = {
          ...failures[owner],
          [target]: { errcode: error.errcode, error: error.message },
        };
      }
    }
  }
  return failures;
}

const invalidSignature = (message: string): MatrixError =>
  new MatrixError(400, "M_INVALID_SIGNATURE", message);

function storeOne(
  draft: Draft,
  user: UserId,
  owner: UserId,
  target: string,
  signed: JsonObject,
): void {
  const isOwn = owner === user;
  const device = isOwn ? deviceKeys(draft, user, target) : undefined;
  const stored = device ?? masterKeyNamed(draft, owner, target);
  if (stored === undefined) throw new MatrixError(404, "M_NOT_FOUND", "no such key");
  if (uncovered(stored) !== uncovered(signed)) {
    throw invalidSignature("the object is not the key as it was uploaded");
  }
  const made = isObject(signed["signatures"]) ? signed["signatures"][user] : undefined;
  if (!isObject(made) || Object.keys(made).length === 0) {
    throw invalidSignature("there is no signature of yours on the object");
  }
  // All are checked before one is stored.
  for (const signingKey of Object.keys(made)) {
    if (isKnown(stored, user, signingKey, made[signingKey])) continue;
    const publicKey = signerOf(draft, user, { isOwn, isDevice: device !== undefined }, signingKey);
    if (publicKey === undefined || !isSignedJson(signed, user, signingKey, publicKey)) {
      throw invalidSignature(`the signature by ${signingKey} is not good`);
    }
  }
  for (const [signingKey, signature] of Object.entries(made)) {
    const [section, key] = isOwn
      ? [OWN_SIGNATURES, ownSignatureKey(target, signingKey)]
      : [USER_SIGNATURES, userSignatureKey(owner, target, signingKey)];
    draft.setField(userDoc(user), section, key, signature);
  }
}

/** What signatures cover, as text. */
function uncovered(key: JsonObject): string {
  const { signatures: _, unsigned: __, ...covered } = key;
  return canonicalJson(covered);
}

/** Clients may send back the signatures that a key came with. */
function isKnown(
  stored: JsonObject,
  user: UserId,
  signingKey: string,
  signature: Json | undefined,
): boolean {
  const known = isObject(stored["signatures"]) ? stored["signatures"][user] : undefined;
  return isObject(known) && known[signingKey] === signature;
}

function deviceKeys(view: View, user: UserId, device: string): JsonObject | undefined {
  const keys = view.get(fields, [userDoc(user), "device_keys", device]);
  return isObject(keys) ? keys : undefined;
}

function masterKeyNamed(view: View, user: UserId, publicKey: string): JsonObject | undefined {
  const master = crossSigningKey(view, user, "master");
  return master && publicKeyOf(master) === publicKey ? master : undefined;
}

/**
 * The public key behind a name that may sign such a target: the self-signing key signs own devices, own
 * devices sign the own master key, the user-signing key signs others' master keys.
 */
function signerOf(
  view: View,
  user: UserId,
  target: { readonly isOwn: boolean; readonly isDevice: boolean },
  signingKey: string,
): string | undefined {
  if (target.isOwn && !target.isDevice) {
    const keys = deviceKeys(view, user, signingKey.replace(/^ed25519:/, ""))?.["keys"];
    const publicKey = isObject(keys) ? keys[signingKey] : undefined;
    return typeof publicKey === "string" ? publicKey : undefined;
  }
  const key = crossSigningKey(view, user, target.isOwn ? "self_signing" : "user_signing");
  const publicKey = key && publicKeyOf(key);
  return publicKey !== undefined && signingKey === `ed25519:${publicKey}` ? publicKey : undefined;
}
