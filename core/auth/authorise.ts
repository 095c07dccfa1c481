import { createEventIdOf, eventIdOf } from "../event/hash.ts";
import type { DraftPdu, Pdu } from "../event/pdu.ts";
import { domainOf } from "../event/user-id.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { authoriseAliases } from "./aliases.ts";
import { allowIf, AuthError } from "./auth-error.ts";
import { type AuthState, membershipOf } from "./auth-state.ts";
import type { AuthContext } from "./auth-context.ts";
import { authoriseCreate } from "./create.ts";
import { authoriseDefault } from "./default.ts";
import { authoriseMember } from "./member.ts";
import { authorisePowerLevels } from "./power-levels.ts";
import { powerLevels } from "./power.ts";
import { authoriseRedaction } from "./redaction.ts";
import { authoriseThirdPartyInvite } from "./third-party-invite.ts";

/**
 * Checks an event against a state of its room. What depends on the events that it cites is
 * `checkAuthEvents`. https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules
 *
 * @throws AuthError saying which rule refused it
 */
export function authorise(version: RoomVersion, event: DraftPdu, state: AuthState): void {
  if (event.type === "m.room.create") return authoriseCreate(version, event);
  const create = state.get("m.room.create", "");
  if (create === undefined) throw new AuthError("The room has no create event");
  checkRoom(version, event, create);
  checkFederation(event, create);
  const power = powerLevels(version, state);
  const context: AuthContext = { version, event, state, create, power };
  if (version.auth.aliases && event.type === "m.room.aliases") return authoriseAliases(event);
  if (event.type === "m.room.member") return authoriseMember(context);
  allowIf(membershipOf(state, event.sender) === "join", "The sender is not in the room");
  if (event.type === "m.room.third_party_invite") return authoriseThirdPartyInvite(context);
  authoriseDefault(context);
  if (event.type === "m.room.power_levels") return authorisePowerLevels(context);
  if (version.auth.redactions && event.type === "m.room.redaction") authoriseRedaction(context);
}

/** The event is in the room that the create event opened. */
function checkRoom(version: RoomVersion, event: DraftPdu, create: Pdu): void {
  if (!version.roomIdIsCreateHash) {
    return allowIf(event.room_id === create.room_id, "The event is from another room");
  }
  allowIf(
    event.room_id !== undefined && createEventIdOf(event.room_id) === eventIdOf(version, create),
    "The room ID is not that of the create event",
  );
}

/** NOTSPEC: what is neither true nor false closes the room too, as Synapse has it. */
function checkFederation(event: DraftPdu, create: Pdu): void {
  const federates = create.content["m.federate"];
  if (federates === undefined || federates === true) return;
  allowIf(
    domainOf(event.sender) === domainOf(create.sender),
    "The room is closed to users of other servers",
  );
}
