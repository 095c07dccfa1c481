import type { DraftPdu, Pdu } from "../event/pdu.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import type { AuthState } from "./auth-state.ts";
import type { PowerLevels } from "./power.ts";

/** What the rules of each event type are given. */
export interface AuthContext {
  readonly version: RoomVersion;
  readonly event: DraftPdu;
  readonly state: AuthState;
  readonly create: Pdu;
  readonly power: PowerLevels;
}
