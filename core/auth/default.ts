import { allowIf } from "./auth-error.ts";
import type { AuthContext } from "./auth-context.ts";

/**
 * Rules 8 and 9, for events of any type.
 * https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules
 */
export function authoriseDefault({ event, power }: AuthContext): void {
  allowIf(
    power.user(event.sender) >= power.event(event.type, event.state_key !== undefined),
    `The sender lacks the power to send ${event.type}`,
  );
  allowIf(
    !event.state_key?.startsWith("@") || event.state_key === event.sender,
    "The state key is the ID of another user",
  );
}
