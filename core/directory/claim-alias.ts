import type { RoomAlias, UserId } from "../ids.ts";
import type { Services } from "../services.ts";
import { aliasRecord } from "./alias-records.ts";

type ClaimDeps = Pick<Services, "claims">;

/**
 * Aliases are claimed in the name of the user who makes them, so that a claim whose request was cut off
 * by a power failure is not lost: the same user can try again.
 * @throws MatrixError 503 when no majority of the boxes answers
 */
export function claimAlias(
  deps: ClaimDeps,
  alias: RoomAlias,
  creator: UserId,
): Promise<"granted" | "taken"> {
  return deps.claims.claim("alias", alias, creator);
}

/** Before an alias is deleted: a name that others may claim must have lost its owner first. */
export function releaseAlias(deps: ClaimDeps, alias: RoomAlias, creator: UserId): Promise<void> {
  return deps.claims.release("alias", alias, creator);
}

/**
 * After a command failed for which the alias was claimed. When this fails as well the claim stays with
 * its user, which is harmless, so the first failure is the one to be told.
 */
export async function releaseUnusedAlias(
  deps: Pick<Services, "claims" | "reader" | "logger">,
  alias: RoomAlias,
  creator: UserId,
): Promise<void> {
  // The user's own alias may have come from another box in the meantime.
  if (aliasRecord(deps.reader, alias)?.creator === creator) return;
  try {
    await releaseAlias(deps, alias, creator);
  } catch (error) {
    deps.logger.warn({ alias, error }, "an unused alias stays claimed by its user");
  }
}
