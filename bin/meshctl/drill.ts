import { createInterface } from "node:readline/promises";
import type { BoxId } from "../../core/ids.ts";
import { ControlError } from "../control/error.ts";
import type { DrillFacts, DrillStarted, DrillWrites } from "../control/protocol.ts";
import type { Status } from "../control/status.ts";
import type { VerifyReport } from "../control/verify-report.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { lateBoxes, whyNot } from "./drill-checks.ts";
import { drillPlan, progressLine } from "./render-drill.ts";

/** Times of a drill, milliseconds. */
const LOOK_MS = 250;
/** Something is told this often while nothing changes. */
const TELL_MS = 15_000;
/** Links that are not back by then will not come back by themselves: a redial waits 30 s at most. */
const LINKS_BACK_MS_MAX = 120_000;
/** Before it begins, boxes that lack what was just written get this long to have it. */
const CAUGHT_UP_MS_MAX = 10_000;
/** What was written apart is everywhere by then, or something holds it up. */
const AGREE_MS_MAX = 300_000;
/** Looks at one box until others have noticed that it is away. */
const NOTICE_MS_MAX = 15_000;

export interface DrillOptions extends GlobalOptions {
  readonly minutes: number;
  readonly yes: boolean;
}

/** What a drill showed. Milliseconds; null where it did not come to that. */
export interface DrillReport {
  readonly box: BoxId;
  readonly name: string;
  /** From the cut until the links were back. */
  readonly apart_ms: number;
  /** It was ended from the keyboard before its time. */
  readonly cut_short: boolean;
  /** Entries that each box made, from the cut until all had the same again. */
  readonly made: readonly { readonly name: string; readonly entries: number }[];
  /** What each box wrote to show that it can; null where it was not heard afterwards. */
  readonly writes: readonly { readonly name: string; readonly found: DrillWrites | null }[];
  /** From the end of the isolation until the links were back. */
  readonly links_back_ms: number | null;
  /** From then until every box had every entry. */
  readonly agree_ms: number | null;
  readonly verify: VerifyReport | null;
  readonly passed: boolean;
}

/** A planned outage of one box, watched from another one or from that box, with a verdict. */
export async function runDrill(
  box: string | undefined,
  options: DrillOptions,
  context: Context,
): Promise<DrillReport> {
  const before = await whenCaughtUp(box, options, context);
  const tell = (text: string): void => {
    if (!options.json) context.output.write(`${text}\n`);
  };
  tell(drillPlan(before, box ?? before.self, options.minutes));
  if (!options.yes) await confirm(options, context);
  return new DrillWatch(options, context, before, tell).run(box);
}

async function whenCaughtUp(
  box: string | undefined,
  { home }: DrillOptions,
  { call, elapsed, pause }: Context,
): Promise<Status> {
  const began = elapsed();
  for (;;) {
    const status = await call(home, "status", {});
    const reason = whyNot(status, box);
    if (reason !== undefined) throw new ControlError("conflict", reason);
    const late = lateBoxes(status);
    if (late.length === 0) return status;
    if (elapsed() - began > CAUGHT_UP_MS_MAX) {
      const message = `Not now: ${late.join(", ")} is still catching up. Try again soon.`;
      throw new ControlError("conflict", message);
    }
    await pause(LOOK_MS);
  }
}

async function confirm(options: DrillOptions, { input, output }: Context): Promise<void> {
  if (!input.isTTY || !output.isTTY || options.json) {
    throw new ControlError("bad_params", "a drill without a person at the keyboard needs --yes");
  }
  const lines = createInterface({ input, output });
  try {
    const answer = await lines.question("Go on? [y/N] ");
    if (!/^y(es)?$/i.test(answer.trim())) throw new ControlError("conflict", "nothing was done");
  } finally {
    lines.close();
  }
}

/** One drill, seen through the meshd that meshctl talks to. */
class DrillWatch {
  readonly #options: DrillOptions;
  readonly #context: Context;
  readonly #before: Status;
  readonly #tell: (text: string) => void;
  #cutShort = false;

  constructor(
    options: DrillOptions,
    context: Context,
    before: Status,
    tell: (text: string) => void,
  ) {
    this.#options = options;
    this.#context = context;
    this.#before = before;
    this.#tell = tell;
  }

  async run(wanted: string | undefined): Promise<DrillReport> {
    const { call, elapsed, onInterrupt } = this.#context;
    const { home, minutes } = this.#options;
    const self = this.#before.self;
    const duration = minutes * 60;
    const atStart = await call(home, "drill.facts", {});
    const began = elapsed();
    const { box, name } = await call(home, "drill.start", {
      ...(wanted === undefined ? {} : { box: wanted }),
      duration_s: duration,
    });
    const stopListening = onInterrupt(() => this.#interrupted(box === self, name));
    try {
      await this.#waitForEnd({ box, name }, atStart, began, duration * 1000);
      const ended = elapsed();
      const linksBack = await this.#measure(LINKS_BACK_MS_MAX, (status) => isLinked(status));
      if (linksBack !== null)
        this.#tell(progressLine(elapsed() - began, `${name} is linked again`));
      const apart = elapsed() - began;
      const agree = linksBack === null ? null : await this.#measure(AGREE_MS_MAX, hasAll);
      if (agree !== null) this.#tell(progressLine(elapsed() - began, "all boxes have every entry"));
      const facts = await call(home, "drill.facts", {});
      const verify = agree === null ? null : await call(home, "verify", {});
      const writes = this.#before.boxes.map((b) => ({
        name: b.name,
        found: facts.writes[b.box] ?? null,
      }));
      return {
        box,
        name,
        apart_ms: Math.round(linksBack === null ? ended - began : apart),
        cut_short: this.#cutShort,
        made: this.#made(atStart, facts),
        writes,
        links_back_ms: linksBack,
        agree_ms: agree,
        verify,
        passed: isPassed(writes, verify),
      };
    } finally {
      stopListening();
    }
  }

  /** Follows the drill, until the box is cut off no more. */
  async #waitForEnd(
    { box, name }: DrillStarted,
    atStart: DrillFacts,
    began: number,
    durationMs: number,
  ): Promise<void> {
    const { call, elapsed, pause } = this.#context;
    const { home } = this.#options;
    let noticed = false;
    let told = 0;
    for (;;) {
      await pause(LOOK_MS);
      const passed = elapsed() - began;
      const status = await call(home, "status", {});
      const away = status.boxes.filter((b) => !b.up && b.box !== status.self);
      if (!noticed && away.length > 0) {
        noticed = true;
        this.#tell(progressLine(passed, `${name} is cut off`));
      }
      const isOver =
        box === status.self ? status.isolated_until === null : noticed && away.length === 0;
      if (isOver || passed > durationMs + LINKS_BACK_MS_MAX) return;
      if (!noticed && passed > NOTICE_MS_MAX) {
        throw new ControlError("failed", `${name} was asked to cut its links, and did not`);
      }
      if (passed > durationMs && box !== status.self) return;
      if (noticed && passed - told >= TELL_MS) {
        told = passed;
        this.#tell(progressLine(passed, await this.#soFar(box, name, status, atStart)));
      }
    }
  }

  async #soFar(box: BoxId, name: string, status: Status, atStart: DrillFacts): Promise<string> {
    const facts = await this.#context.call(this.#options.home, "drill.facts", {});
    const now = Object.values(facts.writes);
    const taken = now.reduce((sum, { accepted }) => sum + accepted, 0);
    const refused = now.reduce((sum, each) => sum + each.refused, 0);
    const made = Object.entries(facts.entries).reduce(
      (sum, [id, count]) => sum + count - (atStart.entries[id as BoxId] ?? 0),
      0,
    );
    const who = box === status.self ? "the others lack" : `${name} lacks`;
    return `${taken} of ${taken + refused} test writes taken here; ${who} ${made} entries`;
  }

  /** How long until it is so, milliseconds; null when it takes too long. */
  async #measure(waitMs: number, isSo: (status: Status) => boolean): Promise<number | null> {
    const { call, elapsed, pause } = this.#context;
    const began = elapsed();
    for (;;) {
      const status = await call(this.#options.home, "status", {});
      if (isSo(status)) return Math.round(elapsed() - began);
      if (elapsed() - began > waitMs) return null;
      await pause(LOOK_MS);
    }
  }

  #interrupted(isSelf: boolean, name: string): void {
    if (!isSelf) {
      this.#tell(
        `${name} cannot be reached now; its links come back by themselves. Still waiting.`,
      );
      return;
    }
    if (this.#cutShort) return;
    this.#cutShort = true;
    this.#tell("Interrupted: bringing the links back now.");
    this.#context.call(this.#options.home, "drill.heal", {}).catch(() => undefined);
  }

  #made(before: DrillFacts, after: DrillFacts): DrillReport["made"] {
    return this.#before.boxes.map(({ box, name }) => ({
      name,
      entries: (after.entries[box] ?? 0) - (before.entries[box] ?? 0),
    }));
  }
}

function isLinked(status: Status): boolean {
  return status.isolated_until === null && status.boxes.every(({ up }) => up);
}

function hasAll(status: Status): boolean {
  return isLinked(status) && status.boxes.every(({ behind }) => behind === 0);
}

/** All boxes took writes all the time, and all have the same afterwards. */
function isPassed(writes: DrillReport["writes"], verify: VerifyReport | null): boolean {
  const areTaken = writes.every(({ found }) => found && found.accepted > 0 && found.refused === 0);
  return areTaken && verify?.outcome === "equal";
}
