import { eventIdOf } from "../event/hash.ts";
import { prevEventIds } from "../event/pdu.ts";
import { signaturesBy } from "../event/sign.ts";
import { domainOf } from "../event/user-id.ts";
import { allowIf, AuthError } from "./auth-error.ts";
import { joinRuleOf, membershipOf } from "./auth-state.ts";
import type { AuthContext } from "./auth-context.ts";
import { creatorOf } from "./creators.ts";
import { authoriseInviteOfThirdParty } from "./third-party-invite.ts";

/** The rules of one membership; `target` is the user whose membership changes. */
type MemberRule = (context: AuthContext, target: string) => void;

const rules: ReadonlyMap<unknown, MemberRule> = new Map<unknown, MemberRule>([
  ["join", authoriseJoin],
  ["invite", authoriseInvite],
  ["leave", authoriseLeave],
  ["ban", authoriseBan],
  ["knock", authoriseKnock],
]);

/** Rule 5. https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules */
export function authoriseMember(context: AuthContext): void {
  const { version, event } = context;
  const { membership } = event.content;
  allowIf(event.state_key !== undefined, "A membership needs a state key");
  allowIf(membership !== undefined, "A membership event must name the membership");
  if (version.auth.restricted) checkAuthoriserSigned(context);
  const rule = rules.get(membership);
  allowIf(rule !== undefined, "The membership is unknown");
  rule(context, event.state_key);
}

/** Rule 5.2. Whether the signature is good was found out when the event was received. */
function checkAuthoriserSigned({ event }: AuthContext): void {
  const authoriser = event.content["join_authorised_via_users_server"];
  if (authoriser === undefined) return;
  allowIf(
    typeof authoriser === "string" &&
      signaturesBy(event["signatures"], domainOf(authoriser)).size > 0,
    "The server of the authorising user did not sign the join",
  );
}

/** Rule 5.3. */
function authoriseJoin(context: AuthContext, target: string): void {
  if (isCreatorsFirstJoin(context, target)) return;
  const { version, event, state } = context;
  allowIf(event.sender === target, "Users can only join themselves");
  const membership = membershipOf(state, target);
  allowIf(membership !== "ban", "The user is banned");
  const rule = joinRuleOf(state);
  if (rule === "public") return;
  const isRestricted =
    (version.auth.restricted && rule === "restricted") ||
    (version.auth.knockRestricted && rule === "knock_restricted");
  const byInvite = rule === "invite" || (version.auth.knock && rule === "knock") || isRestricted;
  if (byInvite && (membership === "invite" || membership === "join")) return;
  allowIf(isRestricted, "The user is not invited to the room");
  checkAuthoriser(context);
}

/** Rule 5.3.1. */
function isCreatorsFirstJoin({ version, event, create }: AuthContext, target: string): boolean {
  const [only, ...others] = prevEventIds(event);
  return (
    only !== undefined &&
    others.length === 0 &&
    target === creatorOf(version, create) &&
    only === eventIdOf(version, create)
  );
}

/** Rule 5.3.5.2. */
function checkAuthoriser({ event, state, power }: AuthContext): void {
  const authoriser = event.content["join_authorised_via_users_server"];
  allowIf(
    typeof authoriser === "string" &&
      membershipOf(state, authoriser) === "join" &&
      power.user(authoriser) >= power.invite,
    "No member with the power to invite has authorised the join",
  );
}

/** Rule 5.4. */
function authoriseInvite(context: AuthContext, target: string): void {
  const { event, state, power } = context;
  if (event.content["third_party_invite"] !== undefined) {
    return authoriseInviteOfThirdParty(context);
  }
  requireInRoom(context);
  const membership = membershipOf(state, target);
  allowIf(membership !== "join", "The invited user is already in the room");
  allowIf(membership !== "ban", "The invited user is banned");
  allowIf(power.user(event.sender) >= power.invite, "The sender lacks the power to invite");
}

/** Rule 5.5. */
function authoriseLeave(context: AuthContext, target: string): void {
  const { version, event, state, power } = context;
  const membership = membershipOf(state, target);
  if (event.sender === target) {
    const mayLeave =
      membership === "invite" ||
      membership === "join" ||
      (version.auth.knock && membership === "knock");
    return allowIf(mayLeave, "The user is not in the room");
  }
  requireInRoom(context);
  const level = power.user(event.sender);
  allowIf(membership !== "ban" || level >= power.ban, "The sender lacks the power to unban");
  allowIf(
    level >= power.kick && power.user(target) < level,
    "The sender lacks the power to remove this user",
  );
}

/** Rule 5.6. */
function authoriseBan(context: AuthContext, target: string): void {
  const { event, power } = context;
  requireInRoom(context);
  const level = power.user(event.sender);
  allowIf(
    level >= power.ban && power.user(target) < level,
    "The sender lacks the power to ban this user",
  );
}

/** Rule 5.7. */
function authoriseKnock({ version, event, state }: AuthContext, target: string): void {
  if (!version.auth.knock) throw new AuthError("The membership is unknown");
  const rule = joinRuleOf(state);
  allowIf(
    rule === "knock" || (version.auth.knockRestricted && rule === "knock_restricted"),
    "The room does not let users knock",
  );
  allowIf(event.sender === target, "Users can only knock for themselves");
  const membership = membershipOf(state, target);
  allowIf(
    membership !== "ban" && membership !== "invite" && membership !== "join",
    "The user is banned, invited or already in the room",
  );
}

function requireInRoom({ event, state }: AuthContext): void {
  allowIf(membershipOf(state, event.sender) === "join", "The sender is not in the room");
}
