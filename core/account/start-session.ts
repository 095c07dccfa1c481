import { forbidden, MatrixError } from "../errors.ts";
import { isObject } from "../json.ts";
import type { DeviceId, UserId } from "../ids.ts";
import type { Env } from "../ports.ts";
import type { Services, TokenKey } from "../services.ts";
import { createdAt, DEVICE_NAME_CHARACTERS_MAX } from "../device/devices.ts";
import { devicesOf } from "../device/remove-devices.ts";
import { dropOneTimeKeys } from "../key/drop-one-time-keys.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { userDoc } from "../user-data/section.ts";
import { isActive } from "./accounts.ts";
import { capitals } from "./random-names.ts";
import { mintAccessToken, mintFirstPair } from "./tokens.ts";

const DEVICE_ID_CHARACTERS = 10;
/** Devices of one user, so that a message to all of them fits in one request; each is a row of it. */
const DEVICES_PER_USER_MAX = 1000;

export interface NewSession {
  readonly user: UserId;
  readonly device?: DeviceId | undefined;
  /** Given to a device that is new; a known one keeps its name. */
  readonly deviceName?: string | undefined;
  /** The client can refresh its access token, so that it may expire. */
  readonly refreshable?: boolean | undefined;
  readonly tokenKeys: readonly TokenKey[];
}

export interface Session {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly token: string;
  /** Where the client can refresh: only then the access token expires. */
  readonly refreshToken?: string;
  readonly expiresInMs?: number;
}

/**
 * Command: logs a device in, made now when it is not known. Tokens that the device had before end.
 * Throws 403 for an account that is gone or a device ID that is a cross-signing key.
 */
export function openSession(draft: Draft, input: NewSession, env: Env): Session {
  const { user } = input;
  if (!isActive(draft, user)) {
    throw new MatrixError(403, "M_USER_DEACTIVATED", "this account has been deactivated");
  }
  const device = input.device ?? (capitals(env.random.bytes(DEVICE_ID_CHARACTERS)) as DeviceId);
  if (isCrossSigningKey(draft, user, device)) {
    throw forbidden("the device ID is the ID of a cross-signing key");
  }
  const knownSince = createdAt(draft, user, device);
  const deviceCreated = knownSince ?? millisecondsOf(env.time);
  if (draft.getField(userDoc(user), "devices", device) === undefined) {
    draft.setField(userDoc(user), "devices", device, {
      created: deviceCreated,
      ...(input.deviceName === undefined
        ? {}
        : { display_name: input.deviceName.slice(0, DEVICE_NAME_CHARACTERS_MAX) }),
    });
  }
  // A device that is new here may have logged in elsewhere, and lost the answer: this is no end of that login.
  if (knownSince !== undefined) {
    draft.putFact("revoked", ["device", user, device], { before: env.time });
  }
  const deps = { tokenKeys: input.tokenKeys, random: env.random };
  const login = { user, device, issued: env.time, deviceCreated };
  if (input.refreshable === true) return { user, device, ...mintFirstPair(deps, login) };
  return { user, device, token: mintAccessToken(deps, login).token };
}

function isCrossSigningKey(draft: Draft, user: UserId, device: DeviceId): boolean {
  return ["master", "self_signing", "user_signing"].some((usage) => {
    const key = draft.getField(userDoc(user), "cross_signing", usage);
    return isObject(key) && isObject(key["keys"]) && `ed25519:${device}` in key["keys"];
  });
}

/**
 * Logs a device in; keys that an earlier device left under the same ID are dropped first. Throws 403 for
 * a new device of a user who has as many as may be.
 */
export async function startSession(
  deps: Pick<Services, "reader" | "runner" | "tokenKeys">,
  input: Omit<NewSession, "tokenKeys">,
): Promise<Session> {
  const { user, device } = input;
  const isKnown = device !== undefined && createdAt(deps.reader, user, device) !== undefined;
  if (!isKnown && (await devicesOf(deps.reader, user)).length >= DEVICES_PER_USER_MAX) {
    throw forbidden(`you have ${DEVICES_PER_USER_MAX} devices; remove some before you add one`);
  }
  if (device !== undefined && !isKnown) await dropOneTimeKeys(deps, user, device);
  return deps.runner.run(openSession, { ...input, tokenKeys: deps.tokenKeys });
}
