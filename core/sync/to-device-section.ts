import type { BoxId, DeviceId, UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Snapshot } from "../ports.ts";
import { closedOrigins, deviceTopic, toDevice, toDeviceAcks, topicVector } from "../tables.ts";
import type { WaitingMessage } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import type { Dot, Origin, Vector } from "../vector.ts";
import { covers, EMPTY_VECTOR, implies, merge, originOf } from "../vector.ts";
import { TO_DEVICE_MAX } from "./constants.ts";
import { News } from "./news.ts";
import type { Pass } from "./pass.ts";
import { includesWhole, intersection, stretchesBeyond } from "./vectors.ts";

export interface ToDeviceSection {
  readonly events: readonly JsonObject[];
  /** How far the client is told, where that is less than `Pass.reached`. */
  readonly reached: Vector | undefined;
}

interface Waiting {
  readonly dot: Dot;
  readonly message: WaitingMessage;
}

/**
 * The messages that the client was not given, oldest first: by time, which follows causes, so they are
 * in order for each sender whichever boxes it used. At most 100, cut between transactions.
 * https://spec.matrix.org/v1.19/client-server-api/#extensions-to-sync
 */
export async function toDeviceSection(pass: Pass): Promise<ToDeviceSection> {
  const given = givenBefore(pass);
  const { user, device } = pass.request.requester;
  const waiting = await readWaiting(pass, user, device, given);
  const count = cut(waiting);
  const events = waiting
    .slice(0, count)
    .map(({ message: { sender, type, content } }) => ({ sender, type, content }));
  const reached = merge(given, lowered(pass.snapshot, given, waiting, count));
  return {
    events,
    reached: includesWhole(pass.snapshot, reached, pass.reached) ? undefined : reached,
  };
}

function givenBefore({ request: { since } }: Pass): Vector {
  return since?.toDevice ?? since?.vector ?? EMPTY_VECTOR;
}

async function readWaiting(
  pass: Pass,
  user: UserId,
  device: DeviceId,
  given: Vector,
): Promise<Waiting[]> {
  const { snapshot, request } = pass;
  // A lowered set is not closed under causes, so the topic's newest transactions say nothing of it.
  if (!request.since?.toDevice && !pass.news.touches(deviceTopic(user, device))) return [];
  const acknowledged = snapshot.get(toDeviceAcks, [user, device]) ?? EMPTY_VECTOR;
  // What is acknowledged may still be there, and must not take the place of what is not.
  const done = merge(given, acknowledged);
  const parts = await readRows(snapshot, user, device, done, TO_DEVICE_MAX + 1);
  return parts
    .flat()
    .map(([[, , box, incarnation, seq], message]): Waiting => {
      return { dot: { origin: originOf(box, incarnation), seq }, message };
    })
    .filter((waiting) => !isIn(given, waiting) && !isIn(acknowledged, waiting))
    .toSorted(inOrder);
}

/** Is the message in the set, by any of the transactions that brought it? */
function isIn(vector: Vector, { dot, message }: Waiting): boolean {
  return covers(vector, dot) || (message.also ?? []).some((other) => covers(vector, other));
}

/** Rows that a vector does not cover, at most `limit` of each stretch, with some that it covers. */
async function readRows(
  snapshot: Snapshot,
  user: UserId,
  device: DeviceId,
  beyond: Vector,
  limit: number,
): Promise<[key: readonly [UserId, DeviceId, BoxId, number, number, number], WaitingMessage][][]> {
  return Promise.all(
    stretchesBeyond(snapshot.vector, beyond).map(({ box, ...bounds }) =>
      snapshot.range(toDevice, { prefix: [user, device, box], ...bounds, limit }),
    ),
  );
}

function inOrder(a: Waiting, b: Waiting): number {
  if (a.message.time !== b.message.time) return a.message.time - b.message.time;
  if (a.dot.origin !== b.dot.origin) return a.dot.origin < b.dot.origin ? -1 : 1;
  return a.dot.seq - b.dot.seq;
}

/** How many messages go into the response: a transaction's are not parted. */
function cut(waiting: readonly Waiting[]): number {
  if (waiting.length <= TO_DEVICE_MAX) return waiting.length;
  const isSame = (a: Waiting | undefined, b: Waiting | undefined): boolean =>
    a?.dot.origin === b?.dot.origin && a?.dot.seq === b?.dot.seq;
  let count = TO_DEVICE_MAX;
  while (count > 0 && isSame(waiting[count - 1], waiting[count])) count--;
  return count > 0 ? count : waiting.length;
}

/** What the snapshot has, less what is held back and all that follows it from the same box. */
function lowered(
  snapshot: Snapshot,
  given: Vector,
  waiting: readonly Waiting[],
  count: number,
): Vector {
  const { vector } = snapshot;
  const out: Record<Origin, number> = { ...vector };
  for (const { dot } of waiting.slice(count)) {
    const last = Math.max(dot.seq - 1, given[dot.origin] ?? 0);
    out[dot.origin] = Math.min(out[dot.origin] ?? last, last);
  }
  // From the first incarnation that is named on, none goes without saying any more.
  for (const origin of [...waiting.map(({ dot }) => dot.origin), ...Object.keys(given)]) {
    const life = origin as Origin;
    if (out[life] !== undefined || implies(out, life) || !implies(vector, life)) continue;
    out[life] = snapshot.get(closedOrigins, [life]) ?? given[life] ?? 0;
  }
  return out;
}

/** Command: the client has these. */
export function acknowledge(
  draft: Draft,
  input: { readonly user: UserId; readonly device: DeviceId; readonly upTo: Vector },
): void {
  const before = draft.get(toDeviceAcks, [input.user, input.device]);
  if (before && includesWhole(draft, before, input.upTo)) return;
  draft.acknowledgeToDevice(input.user, input.device, input.upTo);
}

/**
 * A token that covers messages says that the client has them: they are removed, in the background and
 * only when any wait, so that an idle client writes nothing. Until then its token keeps them away.
 */
export async function acknowledgeGiven(pass: Pass): Promise<void> {
  const { user, device } = pass.request.requester;
  const { memory, snapshot, deps } = pass;
  const name = `${user}|${device}`;
  const given = givenBefore(pass);
  if (pass.isInitial || memory.acknowledging.has(name)) return;
  const topic = deviceTopic(user, device);
  const newest = snapshot.get(topicVector, [topic]);
  // Decoded values are shared: the same object says that nothing came since the last look.
  if (newest === undefined || memory.nothingWaits.get(name) === newest) return;
  const acknowledged = snapshot.get(toDeviceAcks, [user, device]) ?? EMPTY_VECTOR;
  if (!new News(snapshot, acknowledged).touches(topic)) return;
  const parts = await readRows(snapshot, user, device, acknowledged, 1);
  const isWaiting = parts.flat().some(([[, , box, incarnation, seq]]) => {
    return covers(given, { origin: originOf(box, incarnation), seq });
  });
  if (!isWaiting) {
    const isAllGiven = !pass.request.since?.toDevice && !pass.news.touches(topic);
    if (isAllGiven) memory.nothingWaits.set(name, newest);
    return;
  }
  memory.acknowledging.add(name);
  const upTo = intersection(given, snapshot.vector);
  deps.runner
    .run(acknowledge, { user, device, upTo })
    .catch((error: unknown) => {
      deps.logger.warn({ user, device, error }, "could not note that to-device messages arrived");
    })
    .finally(() => memory.acknowledging.delete(name));
}
