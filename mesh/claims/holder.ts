import type { UserId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import type { ClaimKind, Reader } from "../../core/ports.ts";
import { fields, users } from "../../core/tables.ts";

/** Who has a name already, as far as this box knows: what a vote must not give away again. */
export function holderOf(
  state: Pick<Reader, "get">,
  kind: ClaimKind,
  name: string,
): string | undefined {
  if (kind === "user") {
    return state.get(users, [name as UserId]) ? `account ${name}` : undefined;
  }
  // Aliases are claimed in the name of the user who made them, whatever room they lead to.
  const alias = state.get(fields, ["mesh", "aliases", name]);
  const creator = isObject(alias) ? alias["creator"] : undefined;
  return typeof creator === "string" ? creator : undefined;
}
