import type { DeviceId, UserId } from "../ids.ts";
import type { Services } from "../services.ts";
import { oneTimeKeyCounts, oneTimeKeys } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";

/** Rows read, and keys dropped, in one transaction. */
const KEYS_PER_TRANSACTION_MAX = 1000;

interface Dropped {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly keys: readonly (readonly [algorithm: string, keyId: string])[];
}

/** Command: takes one-time keys out of the store without giving them to anyone. */
export function dropKeys(draft: Draft, input: Dropped): void {
  for (const [algorithm, keyId] of input.keys) {
    if (draft.get(oneTimeKeys, [input.user, input.device, algorithm, keyId])?.key === undefined) {
      continue;
    }
    draft.takeOneTimeKey(input.user, input.device, algorithm, keyId);
  }
}

/** Drops what is left of a device's one-time keys: the device is gone, or about to be made anew. */
export async function dropOneTimeKeys(
  deps: Pick<Services, "reader" | "runner">,
  user: UserId,
  device: DeviceId,
): Promise<void> {
  const counts = deps.reader.get(oneTimeKeyCounts, [user, device]) ?? {};
  if (Object.values(counts).every((count) => count === 0)) return;
  let after: [string, string] | undefined;
  do {
    const rows = await readPage(deps, user, device, after);
    const keys = rows
      .filter(([, , held]) => held)
      .map(([algorithm, keyId]) => [algorithm, keyId] as const);
    if (keys.length > 0) await deps.runner.run(dropKeys, { user, device, keys });
    const last = rows.at(-1);
    after = rows.length === KEYS_PER_TRANSACTION_MAX && last ? [last[0], last[1]] : undefined;
  } while (after !== undefined);
}

async function readPage(
  deps: Pick<Services, "reader">,
  user: UserId,
  device: DeviceId,
  after: [string, string] | undefined,
): Promise<[algorithm: string, keyId: string, held: boolean][]> {
  using snapshot = deps.reader.snapshot();
  const rows = await snapshot.range(oneTimeKeys, {
    prefix: [user, device],
    limit: KEYS_PER_TRANSACTION_MAX,
    ...(after ? { after } : {}),
  });
  return rows.map(([[, , algorithm, keyId], value]) => [algorithm, keyId, value.key !== undefined]);
}
