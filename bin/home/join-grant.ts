import type { ServerName } from "../../core/ids.ts";
import { parseServerName } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import type { HomeMember } from "./members.ts";
import { decodeMembers, encodeMembers } from "./members.ts";
import type { SharedSecrets } from "./secrets.ts";
import { decodeSharedSecrets, encodeSharedSecrets } from "./secrets.ts";

/** What the inviting box gives to a new one: all that makes it a member. Travels sealed. */
export interface JoinGrant {
  readonly serverName: ServerName;
  readonly secrets: SharedSecrets;
  /** All members, without the new box. */
  readonly members: readonly HomeMember[];
}

export function encodeJoinGrant(grant: JoinGrant): Uint8Array {
  const body = {
    version: 1,
    server_name: grant.serverName,
    secrets: encodeSharedSecrets(grant.secrets),
    members: encodeMembers(grant.members),
  };
  return new TextEncoder().encode(JSON.stringify(body));
}

/** Undefined for bytes that are no grant. The bytes are bounded by the join protocol. */
export function decodeJoinGrant(bytes: Uint8Array): JoinGrant | undefined {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!isObject(body) || body["version"] !== 1 || !isObject(body["secrets"])) return undefined;
  const serverName = parseServerName(body["server_name"]);
  const secrets = decodeSharedSecrets(body["secrets"]);
  const members = decodeMembers(body["members"]);
  if (serverName === undefined || secrets === undefined || members === undefined) return undefined;
  return { serverName, secrets, members };
}
