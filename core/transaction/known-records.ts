import type { TransactionRecord } from "./records.ts";

/** What a record says of its kind. Later versions of the software may add kinds, queues and documents. */
interface SaysItsKind {
  readonly kind?: unknown;
  readonly queue?: unknown;
  readonly doc?: unknown;
  readonly lane?: unknown;
}

const always = (): boolean => true;
const QUEUES: ReadonlySet<unknown> = new Set(["to_device", "one_time_key"]);
const isKnownQueue = ({ queue }: SaysItsKind): boolean => QUEUES.has(queue);
const LANES: ReadonlySet<unknown> = new Set(["push", "twin"]);
const isKnownLane = ({ lane }: SaysItsKind): boolean => LANES.has(lane);

/** Whether this version knows what a record of the kind does. */
const KINDS: { readonly [K in TransactionRecord["kind"]]: (record: SaysItsKind) => boolean } = {
  event: always,
  change: ({ doc }) => !isOtherDocument(doc),
  put: always,
  enqueue: isKnownQueue,
  dequeue: isKnownQueue,
  effect: isKnownLane,
  settled: isKnownLane,
  round: always,
  birth: always,
  close: always,
};

/**
 * Does this version of the software know what the record does? What else is in it is not looked at.
 * A later version adds a kind of record, a queue, a lane, or a kind of document (`kind:name`); it may not add
 * to what a known record means, since this version would apply only half of it.
 */
export function isKnownRecord(record: SaysItsKind): boolean {
  const { kind } = record;
  return typeof kind === "string" && Object.hasOwn(KINDS, kind) && KINDS[kind as "event"](record);
}

function isOtherDocument(doc: unknown): boolean {
  const kind = typeof doc === "string" ? /^([a-z_]+):/.exec(doc)?.[1] : undefined;
  return kind !== undefined && kind !== "room" && kind !== "user";
}
