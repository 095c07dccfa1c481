import { createHmac } from "node:crypto";
import { notFound } from "../errors.ts";
import type { UserId } from "../ids.ts";
import type { Services } from "../services.ts";
import { millisecondsOf } from "../transaction/records.ts";

export interface TurnCredentials {
  readonly username: string;
  readonly password: string;
  readonly uris: readonly string[];
  readonly ttl: number;
}

/**
 * Credentials for the relay of calls. With a shared secret they are made for the user and end after
 * `ttlSeconds`, as coturn's `use-auth-secret` expects (draft-uberti-behave-turn-rest-00). Throws 404
 * when the owner has set no relay: an empty list of addresses would make browsers refuse every call.
 */
export function turnCredentials(
  deps: Pick<Services, "settings" | "now">,
  user: UserId,
): TurnCredentials {
  const { turn } = deps.settings;
  if (turn === undefined) throw notFound("no TURN server is set up here");
  const { uris, ttlSeconds: ttl, sharedSecret } = turn;
  if (sharedSecret === undefined) {
    return { username: turn.username ?? "", password: turn.password ?? "", uris, ttl };
  }
  const ends = Math.floor(millisecondsOf(deps.now()) / 1000) + ttl;
  const username = `${ends}:${user}`;
  const password = createHmac("sha1", sharedSecret).update(username).digest("base64");
  return { username, password, uris, ttl };
}
