import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import { majorityOf } from "../../mesh/claims/register.ts";
import type { Transport } from "../../mesh/transport/transport.ts";

/** How many of some boxes are connected with this one, itself included, and how many that must be. */
export interface Attendance {
  readonly connected: number;
  readonly of: number;
  readonly isMost: boolean;
}

/**
 * Boxes may be added and removed only where most of those that there are see it: else two sides of a split
 * could change the majority that new names need until both have one.
 */
export function attendance(
  self: BoxId,
  linked: readonly { readonly box: BoxId }[],
  members: readonly BoxId[],
): Attendance {
  const up = new Set(linked.map(({ box }) => box)).add(self);
  const connected = members.filter((box) => up.has(box)).length;
  return { connected, of: members.length, isMost: connected >= majorityOf(members.length) };
}

/** Waits until most of the boxes are connected, or the time is up: one that has just joined needs a moment. */
export async function attendanceWithin(
  waitMs: number,
  transport: Pick<Transport, "self" | "links" | "onLink">,
  members: () => readonly BoxId[],
  timers: Timers,
): Promise<Attendance> {
  const look = (): Attendance => attendance(transport.self, transport.links(), members());
  if (look().isMost) return look();
  await new Promise<void>((resolve) => {
    const end = (): void => {
      timer.cancel();
      unsubscribe();
      resolve();
    };
    const timer = timers.after(waitMs, end);
    // It is told of the links that are up before it returns, when there is nothing to undo yet.
    const unsubscribe = transport.onLink(() => queueMicrotask(() => look().isMost && end()));
  });
  return look();
}
