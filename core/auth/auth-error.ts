import { MatrixError } from "../errors.ts";

/** An authorisation rule refused an event. The reason may be shown to the sender. */
export class AuthError extends MatrixError {
  constructor(reason: string) {
    super(403, "M_FORBIDDEN", reason);
  }
}

/** Refuses the event unless the condition holds. */
export function allowIf(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new AuthError(reason);
}
