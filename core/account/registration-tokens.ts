import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import { forbidden } from "../errors.ts";
import type { Env, View } from "../ports.ts";
import type { Services } from "../services.ts";
import { fields } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";

/**
 * Tokens that allow a registration: those of the configuration, good for any number of times, and
 * those of the mesh document, `{uses_allowed?, used?, expiry?}` with `expiry` in milliseconds.
 * https://spec.matrix.org/v1.19/client-server-api/#token-authenticated-registration
 */
const GRAMMAR = /^[\w.~-]{1,64}$/;

function read(view: View, token: string): JsonObject | undefined {
  const value = view.get(fields, ["mesh", "registration_tokens", token]);
  return isObject(value) ? value : undefined;
}

function isUsable(entry: JsonObject, nowMs: number): boolean {
  const { uses_allowed: allowed, used, expiry } = entry;
  if (typeof expiry === "number" && expiry <= nowMs) return false;
  return typeof allowed !== "number" || (typeof used === "number" ? used : 0) < allowed;
}

/** May the token be used to register now? */
export function isRegistrationTokenValid(
  deps: Pick<Services, "settings" | "reader" | "now">,
  token: string,
): boolean {
  if (!GRAMMAR.test(token)) return false;
  if (deps.settings.registrationTokens.includes(token)) return true;
  const entry = read(deps.reader, token);
  return entry !== undefined && isUsable(entry, millisecondsOf(deps.now()));
}

/** Counts a use, within the command that makes the account. Throws 403 when another took the last one. */
export function useRegistrationToken(draft: Draft, token: string, env: Env): void {
  const entry = read(draft, token);
  if (entry === undefined) return;
  if (!isUsable(entry, millisecondsOf(env.time))) {
    throw forbidden("the registration token was used up meanwhile");
  }
  const used = typeof entry["used"] === "number" ? entry["used"] : 0;
  draft.setField("mesh", "registration_tokens", token, { ...entry, used: used + 1 });
}
