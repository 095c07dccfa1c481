import { NOTIFICATIONS_WAITING_MAX } from "../../core/push/constants.ts";
import { effects, events } from "../../core/tables.ts";
import type { StoredEvent } from "../../core/tables.ts";
import type { Cast } from "./cast.ts";
import { TARGETS } from "./effect-sink.ts";
import type { SimBox } from "./sim-box.ts";
import type { World } from "./world.ts";

/** Every effect is done within this long after healing: a target that failed often is tried late, milliseconds. */
const EFFECTS_DONE_MS = 20 * 60_000;

const EFFECT_ROWS = `t/${effects.name}\0`;

/** Lets the boxes do what they have to do, and agree that it is done. */
export async function finishEffects(world: World): Promise<void> {
  const { clock, boxes, sink } = world;
  sink.failures.clear();
  const isDone = (): boolean => !boxes.some(isWaiting) && world.hasConverged;
  if (await clock.run(clock.nowMs + EFFECTS_DONE_MS, isDone)) return;
  for (const box of boxes) {
    const waiting = rows(box).map(([key, text]) => `${key} ${text}`);
    if (waiting.length > 0) world.violate("effects", `${box.id} waits for ${waiting.join("; ")}`);
  }
}

/**
 * I23: what each event of the workload calls for was done at least once, and once where no box failed.
 * Whoever asked for effects did so before the first room was made.
 */
export function checkEffects(world: World, cast: Cast): void {
  const [first] = world.boxes;
  if (!first) return;
  const stored = tableRows(first, events.name).map(([, text]) => JSON.parse(text) as StoredEvent);
  checkTwins(world, cast, stored);
  const isOnce = Object.keys(world.faults).length === 0;
  const tooMany = isOnce ? 2 : Infinity;
  for (const target of TARGETS) {
    const never: string[] = [];
    for (const { id } of stored) {
      const deeds = world.sink.of(id, target);
      if (deeds.length === 0) never.push(id);
      if (deeds.length < tooMany) continue;
      const who = deeds.map(({ box, atMs }) => `by ${box} at ${atMs.toFixed(0)}`).join(", ");
      world.violate("effects", `${target} was told of ${id} ${who}`);
    }
    if (never.length <= givenUpMost(world, target, stored.length)) continue;
    for (const id of never) world.violate("effects", `${target} was never told of ${id}`);
  }
}

/** For a target that fails so much may wait, and not more: what is older is given up. */
function givenUpMost({ options }: World, target: string, effects: number): number {
  const fails = target === TARGETS[0] && options.effectsFail > 0;
  return fails ? Math.max(0, effects - NOTIFICATIONS_WAITING_MAX) : 0;
}

/** A message that two sides of a split took is taken back where it is not shown. */
function checkTwins(world: World, cast: Cast, stored: readonly StoredEvent[]): void {
  const lasting = new Set<string>(cast.stable.map(({ client }) => client.user));
  for (const { id, hidden, redactedBy, pdu } of stored) {
    const isTwin = hidden === "duplicate" && pdu.type !== "m.room.redaction";
    const isTakenBack = redactedBy !== undefined || world.isDestroyed(`"redacts":"${id}"`);
    if (isTwin && !isTakenBack && lasting.has(pdu.sender)) {
      world.violate("effects", `${id} is not shown, and who was told of it still has it`);
    }
  }
}

function isWaiting({ disk }: SimBox): boolean {
  for (const key of disk.current.entries.keys()) if (key.startsWith(EFFECT_ROWS)) return true;
  return false;
}

function rows(box: SimBox): [key: string, text: string][] {
  return tableRows(box, effects.name);
}

function tableRows(box: SimBox, table: string): [key: string, text: string][] {
  return [...box.disk.current.entries].filter(([key]) => key.startsWith(`t/${table}\0`));
}
