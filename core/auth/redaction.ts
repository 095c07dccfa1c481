import { domainOf } from "../event/user-id.ts";
import { allowIf } from "./auth-error.ts";
import type { AuthContext } from "./auth-context.ts";

/**
 * Rule 11 of room versions 1 and 2, whose event IDs end in the name of the sender's server.
 * https://spec.matrix.org/v1.19/rooms/v2/#authorisation-rules
 */
export function authoriseRedaction({ event, power }: AuthContext): void {
  if (power.user(event.sender) >= power.redact) return;
  const target = event["redacts"];
  allowIf(
    typeof target === "string" &&
      event.event_id !== undefined &&
      domainOf(target) === domainOf(event.event_id),
    "The sender lacks the power to redact events of other servers",
  );
}
