import type { BoxProcess } from "../../e2e/support/box-process.ts";
import type { TestMesh } from "../../e2e/support/test-mesh.ts";
import type { Benchmark, Effort } from "../benchmark.ts";
import type { Aim, Figures } from "../figures.ts";
import { sum } from "../figures.ts";
import { LoadProcess } from "../load/load-process.ts";
import type { SendResult } from "../load/send-load.ts";
import { sendersOn, startMesh } from "../support/bench-mesh.ts";
import {
  BYTES_PER_MIB,
  processorSeconds,
  residentBytes,
  storeBytes,
  writtenBytes,
} from "../support/process-stats.ts";

/** From one look at the memory to the next, milliseconds. */
const SAMPLE_MS = 200;
const LOADED_MIB_MAX = 350;
/**
 * A card of 32 GB that endures 100 full overwrites takes 3.2 TB; 500,000 messages a year of a busy family
 * are 12 GB a year at this size, so even a card that writes ten times what it is told lasts 25 years.
 */
const WRITTEN_BYTES_MAX = 24 * 1024;

interface Setting {
  readonly boxes: number;
  readonly ack: "reachable" | "local";
  readonly aim?: Aim;
}

function throughput(name: string, about: string, setting: Setting): Benchmark {
  return {
    name,
    about,
    run: async (figures, effort) => {
      const mesh = await startMesh(setting.boxes, { "mesh.ack": setting.ack });
      const load = new LoadProcess();
      try {
        await measure(mesh, load, setting, figures, effort);
      } finally {
        load.stop();
        await mesh.stop();
      }
    },
  };
}

async function measure(
  mesh: TestMesh,
  load: LoadProcess,
  { aim }: Setting,
  figures: Figures,
  { quick }: Effort,
): Promise<void> {
  const senders = await sendersOn(mesh);
  await load.run("sendLoad", { senders, seconds: quick ? 2 : 5 });
  const before = countersOf(mesh.boxes);
  const peak = watchMemory(mesh.boxes);
  const result = await load.run("sendLoad", { senders, seconds: quick ? 5 : 20 });
  const residentMax = peak();
  report(figures, result, aim);
  await mesh.untilWhole();
  const after = countersOf(mesh.boxes);
  const each = (what: keyof typeof after): number =>
    (after[what] - before[what]) / mesh.boxes.length / result.messages;
  figures.add("processor time a message and box", each("processorSeconds") * 1000, "ms");
  const endurance: Aim = { bound: "at most", value: WRITTEN_BYTES_MAX };
  figures.add("written to disk a message and box", each("written"), "bytes", endurance);
  figures.add("growth of the store a message and box", each("stored"), "bytes");
  const limit: Aim = { bound: "at most", value: LOADED_MIB_MAX };
  figures.add("memory of a box under load, most", residentMax / BYTES_PER_MIB, "MiB", limit);
}

function report(figures: Figures, result: SendResult, aim: Aim | undefined): void {
  figures.add("acknowledged messages", result.messages / result.seconds, "/s", aim);
  figures.addTimes("send latency", result.latencies);
}

function countersOf(boxes: readonly BoxProcess[]) {
  return {
    processorSeconds: sum(boxes.map(processorSeconds)),
    written: sum(boxes.map(writtenBytes)),
    stored: sum(boxes.map(storeBytes)),
  };
}

/** Returns a function that ends the watch and tells the most that any box took. */
function watchMemory(boxes: readonly BoxProcess[]): () => number {
  let most = 0;
  const look = (): void => void (most = Math.max(most, ...boxes.map(residentBytes)));
  const timer = setInterval(look, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    look();
    return most;
  };
}

export const oneBox = throughput("one-box", "16 clients of one box", {
  boxes: 1,
  ack: "reachable",
});

export const threeBoxes = throughput(
  "three-boxes",
  "16 clients spread over three boxes; each write waits for all of them",
  { boxes: 3, ack: "reachable", aim: { bound: "at least", value: 500 } },
);

export const threeBoxesLocal = throughput(
  "three-boxes-local",
  "16 clients spread over three boxes; a write waits for its own box",
  { boxes: 3, ack: "local" },
);
