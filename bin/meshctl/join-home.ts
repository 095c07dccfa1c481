import type { ConfigValues } from "../config/render.ts";
import { createHome, prepareHome } from "../home/create.ts";
import type { JoinGrant } from "../home/join-grant.ts";
import { decodeJoinGrant } from "../home/join-grant.ts";
import { seedToJoinWith } from "../home/joining-seed.ts";
import type { RandomBytes } from "../home/secrets.ts";

/** What a new box tells the box that invited it. */
export interface JoinRequest {
  readonly code: string;
  readonly boxSeed: Uint8Array;
  readonly name: string;
  /** Where its mesh socket will be, as far as it is known: host:port or multiaddrs. */
  readonly addresses: readonly string[];
}

/** Asks the inviting box over the mesh; resolves with the bytes of its grant. */
export type JoinRequester = (request: JoinRequest) => Promise<Uint8Array>;

export interface NewBox extends Omit<JoinRequest, "boxSeed"> {
  readonly home: string;
  readonly config: ConfigValues;
}

/**
 * Makes the home of a box that joins an existing mesh. Where that breaks off, nothing but the seed that it asked with
 * is there, and the next try goes on with it.
 */
export async function joinHome(
  { home, config, ...about }: NewBox,
  deps: { readonly requestJoin: JoinRequester; readonly random: RandomBytes },
): Promise<JoinGrant> {
  await prepareHome(home);
  const boxSeed = seedToJoinWith(home, deps.random);
  const grant = decodeJoinGrant(await deps.requestJoin({ ...about, boxSeed }));
  if (grant === undefined) throw new Error("the inviting box sent an answer that makes no sense");
  createHome({
    home,
    secrets: { ...grant.secrets, boxSeed },
    members: grant.members,
    config: { ...config, server_name: grant.serverName, "box.name": about.name },
  });
  return grant;
}
