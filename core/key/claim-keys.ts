import { invalidParam } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { BoxId, DeviceId, ServerName, UserId } from "../ids.ts";
import { parseDeviceId, parseUserId, serverOf } from "../ids.ts";
import type { Boxes, Env, Snapshot } from "../ports.ts";
import type { Services } from "../services.ts";
import { createdAt } from "../device/devices.ts";
import { oneTimeKeyCounts, oneTimeKeys, puts } from "../tables.ts";
import type { OneTimeKey } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import {
  ATTEMPTS_MAX,
  BORROWS_AT_ONCE_MAX,
  CANDIDATES_MAX,
  CLAIMS_PER_REQUEST_MAX,
  ROWS_PER_READ,
} from "./constants.ts";
import { clientKeyId, fallbackKey, storedKeyPrefix } from "./one-time-keys.ts";

/** Whose key of which kind is wanted. */
export interface Wanted {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly algorithm: string;
}

export interface ClaimedKey {
  /** As the client named it. */
  readonly keyId: string;
  readonly key: Json;
}

/**
 * The wishes of a request body, `{user: {device: algorithm}}`. Users of other servers are left out.
 * Throws M_INVALID_PARAM.
 */
export function parseClaims(body: JsonObject, serverName: ServerName): Wanted[] {
  const wanted: Wanted[] = [];
  for (const [name, devices] of Object.entries(body)) {
    const user = parseUserId(name);
    if (user === undefined || !isObject(devices)) throw invalidParam(`${name} is not a user ID`);
    if (serverOf(user) !== serverName) continue;
    for (const [id, algorithm] of Object.entries(devices)) {
      const device = parseDeviceId(id);
      if (device === undefined || typeof algorithm !== "string") {
        throw invalidParam(`one_time_keys: ${name} has a malformed device or algorithm`);
      }
      wanted.push({ user, device, algorithm });
    }
  }
  return wanted;
}

/** What the store has for one wish. */
interface Shelf extends Wanted {
  /** Stored IDs of some keys that this box may hand out. */
  readonly own: readonly string[];
  /** Other boxes that have keys. */
  readonly owners: readonly BoxId[];
}

type Deps = Pick<Services, "boxes" | "reader" | "runner">;

/**
 * One key for each wish, in order; undefined where there is none. A one-time key is handed out by the
 * box that owns it and nowhere else, and only once that is on disk: first those of this box, then those
 * that a reachable box lends, else the fallback key, which may be used often.
 *
 * NOTSPEC: keys are not given out in the order of their upload, which boxes that are cut off from each
 * other cannot keep, but by owner and key ID.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysclaim
 */
export async function claimDeviceKeys(
  deps: Deps,
  wanted: readonly Wanted[],
): Promise<(ClaimedKey | undefined)[]> {
  if (wanted.length > CLAIMS_PER_REQUEST_MAX) throw invalidParam("too many keys in one claim");
  const { shelves, taken } = await takeFromOwn(deps, wanted);
  const borrowed = await borrowMissing(deps, shelves, taken);
  const missing = shelves.map((shelf, i) => (borrowed[i] ? undefined : shelf));
  if (missing.every((shelf) => shelf === undefined)) return borrowed;
  const fallbacks = await deps.runner.run(takeFallbackKeys, { wanted: missing });
  return borrowed.map((key, i) => key ?? fallbacks[i]);
}

/** For the mesh: another box asks for a key that this box owns. Undefined when it has none. */
export async function takeOwnOneTimeKey(
  deps: Deps,
  wanted: Wanted,
): Promise<ClaimedKey | undefined> {
  const { taken } = await takeFromOwn(deps, [wanted]);
  return taken[0];
}

/** Takes this box's own keys, looking again where others took all the candidates meanwhile. */
async function takeFromOwn(
  deps: Deps,
  wanted: readonly Wanted[],
): Promise<{ shelves: readonly Shelf[]; taken: readonly (ClaimedKey | undefined)[] }> {
  const shelves = await readShelves(deps, wanted);
  const taken: (ClaimedKey | undefined)[] = shelves.map(() => undefined);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const open = shelves.flatMap((shelf, i) =>
      shelf.own.length > 0 && !taken[i] ? [{ shelf, i }] : [],
    );
    if (open.length === 0) break;
    const got = await deps.runner.run(takeOwnKeys, { shelves: open.map(({ shelf }) => shelf) });
    const missed = open.filter(({ i }, at) => (taken[i] = got[at]) === undefined);
    const again = await readShelves(
      deps,
      missed.map(({ shelf }) => shelf),
    );
    missed.forEach(({ i }, at) => {
      const shelf = again[at];
      if (shelf) shelves[i] = shelf;
    });
  }
  return { shelves, taken };
}

async function readShelves(
  deps: Pick<Services, "boxes" | "reader">,
  wanted: readonly Wanted[],
): Promise<Shelf[]> {
  using snapshot = deps.reader.snapshot();
  const shelves: Shelf[] = [];
  for (const wish of wanted) shelves.push(await readShelf(snapshot, deps.boxes, wish));
  return shelves;
}

async function readShelf(
  snapshot: Snapshot,
  boxes: Pick<Boxes, "self" | "mayHandOut">,
  wish: Wanted,
): Promise<Shelf> {
  const { user, device, algorithm } = wish;
  const created = createdAt(snapshot, user, device);
  const count = snapshot.get(oneTimeKeyCounts, [user, device])?.[algorithm] ?? 0;
  const own: string[] = [];
  const owners = new Set<BoxId>();
  let after: string | undefined = created === undefined ? undefined : storedKeyPrefix(created);
  const end = after === undefined ? "" : `${after.slice(0, -1)}/`;
  while (after !== undefined && count > 0 && own.length < CANDIDATES_MAX) {
    const rows: [readonly [UserId, DeviceId, string, string], OneTimeKey][] = await snapshot.range(
      oneTimeKeys,
      {
        prefix: [user, device, algorithm],
        after: [after],
        before: [end],
        limit: ROWS_PER_READ,
      },
    );
    for (const [[, , , storedId], { owner, key, life }] of rows) {
      if (key === undefined || owner === undefined) continue;
      if (owner !== boxes.self) owners.add(owner);
      else if (own.length < CANDIDATES_MAX && boxes.mayHandOut(life)) own.push(storedId);
    }
    after = rows.length < ROWS_PER_READ ? undefined : rows.at(-1)?.[0][3];
  }
  return { ...wish, own, owners: [...owners] };
}

/** Command: takes for each wish the first of the shelf's own keys that is still there. */
export function takeOwnKeys(
  draft: Draft,
  input: { readonly shelves: readonly Shelf[] },
  env: Env,
): (ClaimedKey | undefined)[] {
  return input.shelves.map(({ user, device, algorithm, own }) => {
    for (const storedId of own) {
      const found = draft.get(oneTimeKeys, [user, device, algorithm, storedId]);
      if (found?.key === undefined || found.owner !== env.box) continue;
      draft.takeOneTimeKey(user, device, algorithm, storedId);
      return { keyId: clientKeyId(storedId), key: found.key };
    }
    return undefined;
  });
}

/** Asks the reachable owners for what is still missing, a few devices at a time. */
async function borrowMissing(
  deps: Pick<Services, "boxes">,
  shelves: readonly Shelf[],
  taken: readonly (ClaimedKey | undefined)[],
): Promise<(ClaimedKey | undefined)[]> {
  const out = shelves.map((_, i) => taken[i]);
  const open = shelves.map((shelf, i) => ({ shelf, i })).filter(({ i }) => !out[i]);
  const reachable = new Set(deps.boxes.reachable());
  const worker = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const { shelf, i } = next;
      for (const box of shelf.owners) {
        if (out[i] || !reachable.has(box)) continue;
        const { user, device, algorithm } = shelf;
        out[i] = await deps.boxes.claimOneTimeKey(box, user, device, algorithm);
      }
    }
  };
  await Promise.all(Array.from({ length: BORROWS_AT_ONCE_MAX }, worker));
  return out;
}

/** Command: gives fallback keys and remembers for ever that they were used. */
export function takeFallbackKeys(
  draft: Draft,
  input: { readonly wanted: readonly (Wanted | undefined)[] },
): (ClaimedKey | undefined)[] {
  return input.wanted.map((wish) => {
    if (wish === undefined) return undefined;
    const { user, device, algorithm } = wish;
    const found = fallbackKey(draft, user, device, algorithm);
    if (found === undefined) return undefined;
    const place = [user, device, algorithm, found.keyId];
    const before = draft.get(puts, ["fallback_used", user, device, algorithm, found.keyId]);
    if (before?.value === undefined) draft.putFact("fallback_used", place, true);
    return { keyId: clientKeyId(found.keyId), key: found.key };
  });
}
