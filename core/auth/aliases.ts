import type { DraftPdu } from "../event/pdu.ts";
import { domainOf } from "../event/user-id.ts";
import { allowIf } from "./auth-error.ts";

/** Rule 4 of room versions 1 to 5. https://spec.matrix.org/v1.19/rooms/v5/#authorisation-rules */
export function authoriseAliases(event: DraftPdu): void {
  allowIf(
    event.state_key === domainOf(event.sender),
    "Aliases can only be set for the sender's own server",
  );
}
