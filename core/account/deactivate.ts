import { logOutEverywhere } from "../device/remove-devices.ts";
import type { UserId } from "../ids.ts";
import { MatrixError } from "../errors.ts";
import { leaveRoom } from "../rooms/commands/change-membership.ts";
import type { Services } from "../services.ts";
import { memberships } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { readSection, userDoc } from "../user-data/section.ts";

/** Data that goes when the user wants to be erased; what others were sent stays with them. */
const ERASED_SECTIONS = [
  "profile",
  "account_data",
  "room_account_data",
  "tags",
  "filters",
] as const;
/** Fields removed in one transaction, of the 2,000 records that fit. */
const FIELDS_PER_TRANSACTION_MAX = 1000;
/** Rooms that an account leaves when it closes. */
const ROOMS_LEFT_MAX = 10_000;
const PRESENT: ReadonlySet<string> = new Set(["join", "invite", "knock"]);

/** Command: the account can never log in again; its name stays taken. */
export function closeAccount(draft: Draft, input: { readonly user: UserId }): void {
  draft.setField(userDoc(input.user), "account", "deactivated", true);
  draft.setField(userDoc(input.user), "account", "password_hash", undefined);
}

/** Command: removes fields of a user's document. */
export function removeFields(
  draft: Draft,
  input: { readonly user: UserId; readonly keys: readonly (readonly [string, string])[] },
): void {
  for (const [section, key] of input.keys) {
    draft.setField(userDoc(input.user), section, key, undefined);
  }
}

/**
 * Closes an account for ever: its tokens end at once, its devices go and it leaves its rooms. Each step
 * may be repeated, so an attempt that broke off is finished by the next one.
 */
export async function deactivate(
  deps: Pick<Services, "reader" | "runner" | "isCaughtUp" | "timers">,
  input: { readonly user: UserId; readonly erase: boolean },
): Promise<void> {
  const { user, erase } = input;
  await deps.runner.run(closeAccount, { user });
  await logOutEverywhere(deps, { user });
  await leaveAllRooms(deps, user);
  if (erase) await eraseData(deps, user);
}

async function leaveAllRooms(
  deps: Pick<Services, "reader" | "runner" | "isCaughtUp" | "timers">,
  user: UserId,
): Promise<void> {
  using snapshot = deps.reader.snapshot();
  const rows = await snapshot.range(memberships, { prefix: [user], limit: ROOMS_LEFT_MAX });
  for (const [[, room], entry] of rows) {
    if (!PRESENT.has(entry.membership)) continue;
    try {
      await leaveRoom(deps, { room, sender: user });
    } catch (error) {
      // A room that refuses the leave must not keep the account open.
      if (!(error instanceof MatrixError)) throw error;
    }
  }
}

async function eraseData(deps: Pick<Services, "reader" | "runner">, user: UserId): Promise<void> {
  for (const section of ERASED_SECTIONS) {
    using snapshot = deps.reader.snapshot();
    const keys = [...(await readSection(snapshot, userDoc(user), section)).keys()];
    for (let at = 0; at < keys.length; at += FIELDS_PER_TRANSACTION_MAX) {
      const part = keys.slice(at, at + FIELDS_PER_TRANSACTION_MAX);
      await deps.runner.run(removeFields, {
        user,
        keys: part.map((key) => [section, key] as const),
      });
    }
  }
}
