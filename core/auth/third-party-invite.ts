import { canonicalJson } from "../event/canonical-json.ts";
import { verifyText } from "../event/ed25519.ts";
import { without } from "../event/hash.ts";
import type { Pdu } from "../event/pdu.ts";
import { signaturesBy } from "../event/sign.ts";
import { isObject, type JsonObject } from "../json.ts";
import { allowIf } from "./auth-error.ts";
import type { AuthContext } from "./auth-context.ts";
import { membershipOf } from "./auth-state.ts";

/**
 * Signature checks on one invite, 0.1 ms each. NOTSPEC: without a limit an event of 64 KiB could
 * ask for 400,000 of them; real invites ask for one or two.
 */
const CHECKS_MAX = 64;

/** Rule 7. https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules */
export function authoriseThirdPartyInvite({ event, power }: AuthContext): void {
  allowIf(power.user(event.sender) >= power.invite, "The sender lacks the power to invite");
}

/** Rule 5.4.1: an invite that answers an invitation of somebody known by e-mail or phone only. */
export function authoriseInviteOfThirdParty({ version, event, state }: AuthContext): void {
  const target = event.state_key ?? "";
  allowIf(membershipOf(state, target) !== "ban", "The invited user is banned");
  const signed = signedPart(event.content);
  allowIf(signed !== undefined, "third_party_invite has no signed part");
  const { mxid, token } = signed;
  allowIf(
    typeof mxid === "string" && typeof token === "string",
    "third_party_invite has no mxid or no token",
  );
  allowIf(mxid === target, "third_party_invite is for another user");
  const invitation = state.get("m.room.third_party_invite", token);
  allowIf(invitation !== undefined, "There is no such third-party invitation");
  allowIf(invitation.sender === event.sender, "The invitation is from another user");
  const text = canonicalJson(
    without(signed, "signatures", "unsigned"),
    version.strictCanonicalJson,
  );
  allowIf(
    isSignedByAny(text, signed["signatures"], publicKeysOf(invitation)),
    "third_party_invite is not signed by the identity server",
  );
}

export function signedPart(content: JsonObject): JsonObject | undefined {
  const invite = content["third_party_invite"];
  const signed = isObject(invite) ? invite["signed"] : undefined;
  return isObject(signed) ? signed : undefined;
}

function publicKeysOf({ content }: Pdu): readonly string[] {
  const listed = content["public_keys"];
  const entries = Array.isArray(listed) ? listed : [];
  const keys = entries.map((entry: unknown) => (isObject(entry) ? entry["public_key"] : undefined));
  return [content["public_key"], ...keys].filter((key) => typeof key === "string");
}

function isSignedByAny(text: string, signatures: unknown, keys: readonly string[]): boolean {
  const entities = isObject(signatures) ? Object.keys(signatures) : [];
  const all = entities.flatMap((entity) => [...signaturesBy(signatures, entity).values()]);
  allowIf(all.length * keys.length <= CHECKS_MAX, "third_party_invite has too many signatures");
  return all.some((signature) => keys.some((key) => verifyText(text, key, signature)));
}
