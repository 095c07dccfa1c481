import { invalidParam } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import { ACCOUNTS_MAX, isDeactivated } from "../account/accounts.ts";
import type { Reader, View } from "../ports.ts";
import { folded } from "../search/words.ts";
import { fields, users } from "../tables.ts";
import { userDoc } from "../user-data/section.ts";

/** Users in one answer: what the specification says when the client does not, and what fits a screen. */
const RESULTS_DEFAULT = 10;
const RESULTS_MAX = 50;

/** How well a user fits the term: less is better, undefined not at all. */
function rank(term: string, texts: readonly string[]): number | undefined {
  const found = texts.flatMap((text) => {
    if (text === term) return [0];
    if (text.startsWith(term)) return [1];
    if (text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(term))) return [2];
    return text.includes(term) ? [3] : [];
  });
  return found.length === 0 ? undefined : Math.min(...found);
}

/**
 * Finds users by user ID and display name. All of this server's can be found: it is the size of a
 * household, and who has no room yet must be found to be invited to one.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3user_directorysearch
 */
export async function searchUsers(
  deps: { readonly reader: Reader },
  input: { readonly asking: UserId; readonly term: string; readonly limit: number | undefined },
): Promise<{ results: JsonObject[]; limited: boolean }> {
  const limit = input.limit ?? RESULTS_DEFAULT;
  if (!Number.isInteger(limit) || limit < 0) throw invalidParam("limit must be a whole number");
  const term = folded(input.term.trim()).replace(/^@/, "");
  if (term === "") return { results: [], limited: false };
  using snapshot = deps.reader.snapshot();
  const rows = await snapshot.range(users, { prefix: [], limit: ACCOUNTS_MAX });
  const found: { user: UserId; rank: number }[] = [];
  for (const [[user]] of rows) {
    if (user === input.asking || isDeactivated(snapshot, user)) continue;
    const name = profileText(snapshot, user, "displayname");
    const fit = rank(term, [user.slice(1).toLowerCase(), ...(name ? [folded(name)] : [])]);
    if (fit !== undefined) found.push({ user, rank: fit });
  }
  const shown = Math.min(limit, RESULTS_MAX);
  const ranked = found.toSorted((a, b) => a.rank - b.rank || (a.user < b.user ? -1 : 1));
  const results = ranked.slice(0, shown).map(({ user }) => describe(snapshot, user));
  return { results, limited: found.length > shown };
}

function profileText(view: View, user: UserId, field: string): string | undefined {
  const value = view.get(fields, [userDoc(user), "profile", field]);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function describe(view: View, user: UserId): JsonObject {
  const name = profileText(view, user, "displayname");
  const avatar = profileText(view, user, "avatar_url");
  return {
    user_id: user,
    ...(name === undefined ? {} : { display_name: name }),
    // Anything else than a media address would break clients.
    ...(avatar?.startsWith("mxc://") ? { avatar_url: avatar } : {}),
  };
}
