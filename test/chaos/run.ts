import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Prng } from "../simulation/prng.ts";
import { Campaign } from "./campaign.ts";
import { judge } from "./checker.ts";
import { ALL_FAULTS } from "./faults/all-faults.ts";
import type { Fault } from "./faults/fault.ts";
import { Figures } from "./figures.ts";
import { clearStage, keepHomes } from "./keep.ts";
import { writeDocument } from "./document.ts";
import { renderReport } from "./report.ts";
import { enterSandbox } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";
import { setStage } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { Timeline } from "./timeline.ts";
import { Recorder } from "./workload/recorder.ts";
import { Workload } from "./workload/workload.ts";

const MINUTES_DEFAULT = 5;
const SEED_MAX = 1_000_000;
/** What boxes log. */
const REFILLED = "the store is whole again";
const COPIED = "starting again on a copy of another box's store";
/** How often boxes cut their journals during a run, and copy whole stores. */
const SHORT_JOURNALS_CHANCE = 0.5;

interface Options {
  readonly minutes: number;
  readonly seed: string;
  /** Names; all where empty. */
  readonly faults: readonly string[];
  readonly keep: boolean;
  readonly document: boolean;
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string" },
      seed: { type: "string" },
      faults: { type: "string" },
      keep: { type: "boolean", default: false },
      document: { type: "boolean", default: false },
    },
  });
  const minutes = Number(values.minutes ?? MINUTES_DEFAULT);
  if (!(minutes > 0)) throw new TypeError("--minutes is a number above 0");
  const faults = values.faults?.split(",") ?? [];
  const unknown = faults.filter((name) => !ALL_FAULTS.some((fault) => fault.name === name));
  if (unknown.length > 0) {
    const known = ALL_FAULTS.map(({ name, about }) => `  ${name.padEnd(10)}  ${about}`).join("\n");
    throw new TypeError(`there is no fault ${unknown.join(", ")}; there are\n${known}`);
  }
  const seed = values.seed ?? String(Math.floor(Math.random() * SEED_MAX));
  return { ...values, minutes, seed, faults };
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Which of the wanted faults this machine can do; says what is left out. */
function possibleFaults(options: Options, sandbox: Sandbox): Fault[] {
  for (const reason of sandbox.missing) print(`left out: ${reason}`);
  const wanted = ALL_FAULTS.filter(
    ({ name }) => options.faults.length === 0 || options.faults.includes(name),
  );
  const possible = wanted.filter(({ needs }) => needs.every((need) => sandbox.abilities.has(need)));
  const skipped = wanted.filter((fault) => !possible.includes(fault)).map(({ name }) => name);
  if (skipped.length > 0) print(`faults that this machine cannot do: ${skipped.join(", ")}`);
  if (possible.length === 0) throw new TypeError("no fault is left");
  return possible;
}

/** Returns whether all that must hold held. */
async function runChaos(options: Options, sandbox: Sandbox): Promise<boolean> {
  const faults = possibleFaults(options, sandbox);
  const folder = mkdtempSync(join(tmpdir(), "hearth-chaos-"));
  const timeline = new Timeline(join(folder, "timeline.txt"), print);
  const prng = new Prng(options.seed);
  const early: string[] = [];
  let incident = (what: string): unknown => early.push(what);
  const hasShortJournals = prng.fork("journals").chance(SHORT_JOURNALS_CHANCE);
  timeline.note(
    `seed ${options.seed}, ${options.minutes} minutes, ` +
      `${sandbox.isInside ? "network namespaces" : "one network, links cut by the drill switch"}, ` +
      `${hasShortJournals ? "short journals" : "journals of the usual length"}`,
  );
  const stage = await setStage(sandbox, folder, {
    prng: prng.fork("packets"),
    hasShortJournals,
    onIncident: (what) => incident(what),
  });
  const recorder = new Recorder(stage.machines);
  const filledAtFirst = countLogged(stage, REFILLED);
  incident = (what) => {
    timeline.note(`VIOLATION ${what}`);
    recorder.incident(what);
  };
  for (const what of early) recorder.incident(what);
  const workload = await Workload.start(stage.machines, recorder, prng.fork("people"));
  timeline.note("three boxes serve three people");
  const run = {
    ...stage,
    workload,
    timeline,
    incident: (what: string): void => void incident(what),
  };
  const figures = new Figures(workload.probers);
  const campaign = new Campaign(run, faults, prng.fork("faults"), options.minutes * 60);
  await campaign.run();
  timeline.note("no more faults; everybody reads what there is");
  const evidence = await workload.finish();
  const judgement = judge(evidence);
  const isRight = judgement.violations.length === 0;
  const result = {
    options,
    mode: sandbox.isInside ? "namespaces" : "drill",
    missing: sandbox.missing,
    struck: campaign.struck,
    missed: campaign.missed,
    judgement,
    figures: figures.of(recorder.requests, workload),
    network: stage.network.summary,
    stores: {
      refilled: countLogged(stage, REFILLED) - filledAtFirst,
      copied: countLogged(stage, COPIED),
    },
  } as const;
  const report = renderReport(result);
  print(report);
  writeFileSync(join(folder, "verdict.txt"), `${report}\n${judgement.violations.join("\n")}\n`);
  if (options.document && isRight) writeDocument(result);
  await Promise.all(stage.machines.map((machine) => machine.stop()));
  const isKept = !isRight || options.keep;
  if (isKept) keepHomes(stage, folder);
  else rmSync(folder, { recursive: true });
  await clearStage(stage);
  if (isKept) print(`\nLogs, homes and the timeline are in ${folder}`);
  return isRight;
}

function countLogged({ machines }: Stage, message: string): number {
  return machines.reduce((sum, { box }) => sum + box.logged(message), 0);
}

async function main(): Promise<number> {
  const options = parseOptions();
  const sandbox = await enterSandbox();
  if (typeof sandbox === "number") return sandbox;
  return (await runChaos(options, sandbox)) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof TypeError ? error.message : String(error)}\n`);
    process.exit(2);
  },
);
