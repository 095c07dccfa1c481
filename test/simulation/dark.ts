import { Cast } from "./cast.ts";
import type { DeviceView } from "./device-view.ts";
import { Model } from "./model.ts";
import { FAIR, REAL_LIMITS } from "./options.ts";
import { setUp } from "./simulate.ts";
import { total } from "./tally.ts";
import { Workload } from "./workload.ts";
import { World } from "./world.ts";

/** How long people go on while boxes are dark, and how often each asks for something, milliseconds. */
const LENGTH_MS = 600_000;
const EVERY_MS = 1500;
/** Tries of one request: each goes to one of the three at random, so that many reach one that is not dark. */
const TRIES = 30;

/** The requests that need most of the boxes: user names and aliases. */
const NAMES: ReadonlySet<string> = new Set(["register", "alias", "unalias"]);

export interface Served {
  readonly asked: number;
  /** With an answer by some box, after tries on all; a refusal by the rules is one. */
  readonly answered: number;
}

export interface Dark {
  readonly dark: number;
  readonly names: Served;
  readonly reads: Served;
  readonly writes: Served;
  /** Simulated; the longest from the first try to the answer. */
  readonly longestReadMs: number;
}

/** Three boxes, of which some lose their power without a word; people ask whichever answers. */
export async function withDark(dark: number, lengthMs = LENGTH_MS): Promise<Dark> {
  const world = new World("dark", {
    boxes: 3,
    stable: 5,
    churning: 1,
    rooms: 5,
    roomVersion: "12",
    ack: "reachable",
    faults: {},
    weather: FAIR,
    responsesLost: 0,
    hops: 0.1,
    clockOffsetsMs: [0, 0, 0],
    ...REAL_LIMITS,
  });
  const { clock } = world;
  const model = new Model();
  const cast = new Cast(world, undefined);
  await setUp(world, model, cast);
  const workload = new Workload(world, model, cast);
  for (const box of world.boxes.slice(3 - dark)) box.kill({ reset: false });
  const untilMs = clock.nowMs + lengthMs;
  const reads: number[] = [];
  const goOn = async (view: DeviceView): Promise<void> => {
    while (clock.nowMs < untilMs) {
      await clock.sleep(view.client.prng.between(0.5, 1.5) * EVERY_MS);
      await workload.act(view);
      const fromMs = clock.nowMs;
      reads.push((await isRead(view, world)) ? clock.nowMs - fromMs : Number.POSITIVE_INFINITY);
    }
  };
  for (const view of cast.stable) {
    view.client.triesMin = TRIES;
    void goOn(view);
  }
  await clock.run(untilMs);
  const [names, writes] = split(world.calls);
  for (const box of world.boxes) if (!box.isOff) box.kill({ reset: true });
  const [violation] = world.violations;
  if (violation) throw new Error(`${violation.rule}: ${violation.what}`);
  const answers = reads.filter((milliseconds) => Number.isFinite(milliseconds));
  return {
    dark,
    names,
    writes,
    reads: { asked: reads.length, answered: answers.length },
    longestReadMs: Math.max(...answers),
  };
}

async function isRead(view: DeviceView, { clock }: World): Promise<boolean> {
  for (let i = 0; i < TRIES; i++) {
    if ((await view.sync(0)) !== "lost") return true;
    await clock.sleep(view.client.prng.between(50, 1200));
  }
  return false;
}

function split(calls: Readonly<Record<string, number>>): [names: Served, others: Served] {
  const of = (isName: boolean): Served => {
    const counted = Object.entries(calls).filter(([name]) => {
      return NAMES.has(name.split(" ", 1)[0] ?? "") === isName;
    });
    const answered = counted.filter(([name]) => !name.endsWith(" unknown"));
    return {
      asked: total(Object.fromEntries(counted)),
      answered: total(Object.fromEntries(answered)),
    };
  };
  return [of(true), of(false)];
}
