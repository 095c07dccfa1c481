import { ROOM_DOCUMENT_LIMITS } from "../../core/room-document/constants.ts";
import type { RoomDocumentLimits } from "../../core/room-document/constants.ts";
import type { AckPolicy } from "../../mesh/replica/acknowledgements.ts";
import { JOURNAL_LIMITS } from "../../mesh/replica/truncator.ts";
import type { JournalLimits } from "../../mesh/replica/truncator.ts";
import { Prng } from "./prng.ts";
import type { Weather } from "./sim-network.ts";

/** What can go wrong; each seed draws which of them do, and how often. */
export type FaultKind =
  | "crash"
  | "crash-at-write"
  | "clean-stop"
  | "lose-writes"
  | "restore-backup"
  | "new-disk"
  | "pause"
  | "isolate"
  | "cut-link"
  | "one-way"
  | "split"
  | "flap"
  | "disk-full"
  | "disk-slow"
  | "disk-lies"
  | "clock-step"
  | "bad-weather"
  | "late-box"
  | "remove-box"
  | "update-box";

export interface SimOptions {
  readonly seed: string;
  readonly boxes: number;
  /** Devices of users who stay in their rooms; what they are told is checked to the letter. */
  readonly stable: number;
  /** Users who come, go and are thrown out. */
  readonly churning: number;
  readonly rooms: number;
  readonly roomVersion: string;
  readonly ack: AckPolicy;
  /** How much of their journals the boxes keep; what a real box keeps where it is left out. */
  readonly journal?: JournalLimits;
  readonly weather: Weather;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Mean time between two faults, milliseconds. */
  readonly faultEveryMs: number;
  /** Length of the phase in which anything may fail, milliseconds: at least, until there was enough of it. */
  readonly safetyMs: number;
  /** So many faults have struck by the end of that phase; none where nothing fails. */
  readonly faultsMin: number;
  /** So many requests have reached a box by then, each try and each sync counted. */
  readonly operationsMin: number;
  /** Mean time between two requests of one client, milliseconds. */
  readonly requestEveryMs: number;
  /** Share of responses that never reach the client. */
  readonly responsesLost: number;
  /** Share of requests that go to another box than the one before. */
  readonly hops: number;
  /** Share of what boxes do outside of the mesh that fails at one of the targets. */
  readonly effectsFail: number;
  /** How far each box's clock is off, milliseconds. */
  readonly clockOffsetsMs: readonly number[];
  /** Which boxes have the version of the software before this one; none where no box is updated. */
  readonly oldBoxes: readonly boolean[];
  /** When rooms' documents are begun anew and split. */
  readonly roomLimits: RoomDocumentLimits;
}

const OFTEN: readonly FaultKind[] = [
  "crash",
  "crash-at-write",
  "clean-stop",
  "lose-writes",
  "restore-backup",
  "new-disk",
  "pause",
  "isolate",
  "cut-link",
  "one-way",
  "split",
  "flap",
  "disk-full",
  "disk-slow",
  "disk-lies",
  "clock-step",
  "bad-weather",
  "late-box",
];

/** They may destroy the only copy of something, which excuses much: most seeds do without. */
const DESTRUCTIVE: ReadonlySet<FaultKind> = new Set(["lose-writes", "restore-backup", "new-disk"]);

/** What an owner does rarely: a few seeds with it are enough. */
const RARELY: readonly FaultKind[] = ["remove-box", "update-box"];
const RARE = 0.2;

const CLOCKS_OFF_MS_MAX = 2000;

/** Seeds whose names begin like this go on until there was much of everything; of the others a few do. */
const LONG = "long ";
const LONG_ONES = 0.04;
/** In these so many faults strike, and so many requests reach a box, at least. */
export const FAULTS_MIN = 50;
export const OPERATIONS_MIN = 500;

/** The name of a seed that goes on until there was much of everything. */
export function longSeed(number: number): string {
  return `${LONG}${number}`;
}

/** Each seed has its own mix: some faults never, some often, so that rare meetings become likely. */
export function drawOptions(seed: string): SimOptions {
  const prng = new Prng(`options ${seed}`);
  // Drawn apart, so that what is added here leaves the rest of a seed as it was.
  const more = new Prng(`more options ${seed}`);
  const isLong = seed.startsWith(LONG) || more.chance(LONG_ONES);
  const boxes = Number(prng.weighted({ 1: 1, 2: 3, 3: 8, 4: 2, 5: 1 }));
  const calm = prng.chance(0.08) && !isLong;
  const faults: Partial<Record<FaultKind, number>> = {};
  if (!calm) {
    for (const kind of OFTEN) {
      const share = DESTRUCTIVE.has(kind) ? 0.12 : 0.4;
      if (prng.chance(share)) faults[kind] = prng.pick([1, 2, 5]);
    }
    for (const kind of RARELY) if (more.chance(RARE)) faults[kind] = more.pick([1, 2, 5]);
  }
  const options: SimOptions = {
    seed,
    boxes,
    stable: prng.whole(2, 3),
    churning: prng.whole(1, 2),
    rooms: prng.whole(1, 2),
    roomVersion: prng.pick(["10", "11", "12"]),
    ack: prng.weighted({ reachable: 8, one: 1, local: 1 }),
    weather: drawWeather(prng),
    faults,
    faultEveryMs: prng.pick([400, 1000, 2500]),
    safetyMs: prng.pick([8000, 16_000, 24_000]),
    faultsMin: 0,
    operationsMin: 0,
    requestEveryMs: prng.pick([400, 800, 1500]),
    responsesLost: prng.pick([0, 0.02, 0.15]),
    hops: prng.pick([0.05, 0.3, 1]),
    clockOffsetsMs: Array.from({ length: boxes + 1 }, () =>
      Math.floor(prng.between(-CLOCKS_OFF_MS_MAX, CLOCKS_OFF_MS_MAX)),
    ),
    oldBoxes: Array.from({ length: boxes + 1 }, () => "update-box" in faults && more.chance(0.5)),
    effectsFail: prng.pick([0, 0, 0.1, 0.5]),
    roomLimits: drawRoomLimits(prng),
    ...drawJournal(prng),
  };
  return isLong ? { ...options, ...drawLength(more) } : options;
}

/** Much of everything, in not too long a time. */
function drawLength(prng: Prng): Partial<SimOptions> {
  return {
    faultsMin: FAULTS_MIN,
    operationsMin: OPERATIONS_MIN,
    faultEveryMs: prng.pick([300, 600, 1200]),
    requestEveryMs: prng.pick([250, 500, 1000]),
  };
}

/** For half of the seeds so little that boxes have to copy each other's stores. */
function drawJournal(prng: Prng): Pick<SimOptions, "journal"> {
  if (prng.chance(0.5)) return {};
  const keepEntries = prng.pick([2, 5, 20]);
  const heldEntries = keepEntries * prng.pick([1, 3]);
  return {
    journal: { ...JOURNAL_LIMITS, keepEntries, heldEntries, lookMs: prng.pick([200, 2000]) },
  };
}

/** For most seeds so small that a room of a few people has generations and buckets. */
function drawRoomLimits(prng: Prng): RoomDocumentLimits {
  if (prng.chance(0.3)) return ROOM_DOCUMENT_LIMITS;
  return {
    lengthMax: prng.pick([1, 3, 5, 20]),
    flatEntriesMax: prng.pick([1, 3, 10]),
    bucketEntriesMax: prng.pick([1, 3, 6]),
    bucketsBegunMax: prng.pick([1, 2, 8]),
  };
}

export function drawWeather(prng: Prng): Weather {
  const [delayMs = 1, jitterMs = 1] = prng.pick([
    [0.5, 3],
    [10, 40],
    [40, 300],
    [500, 3000],
  ]);
  return {
    delayMs,
    jitterMs,
    gossipLoss: prng.pick([0, 0.1, 0.5, 1]),
    gossipTwice: prng.pick([0, 0.3]),
    silenceMs: [2000, 12_000],
    redialMs: [50, 2000],
  };
}

/** After healing: a good home network. */
export const FAIR: Weather = {
  delayMs: 1,
  jitterMs: 5,
  gossipLoss: 0,
  gossipTwice: 0,
  silenceMs: [2000, 5000],
  redialMs: [50, 1000],
};

/** For what is to be measured: journals and documents as long as on real boxes. */
export const REAL_LIMITS = { journal: JOURNAL_LIMITS, roomLimits: ROOM_DOCUMENT_LIMITS };
