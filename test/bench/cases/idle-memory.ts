import { setTimeout as delay } from "node:timers/promises";
import type { BoxProcess } from "../../e2e/support/box-process.ts";
import type { Benchmark } from "../benchmark.ts";
import { LoadProcess } from "../load/load-process.ts";
import { sendersOn, startMesh } from "../support/bench-mesh.ts";
import { BYTES_PER_MIB, processorSeconds, residentBytes } from "../support/process-stats.ts";

const AIM_MIB = 180;
const QUIET_S = 60;
const QUIET_S_QUICK = 10;
const LOAD_MESSAGES = 5000;

export const idleMemory: Benchmark = {
  name: "idle",
  about: "memory and processor time of a box that nobody uses, before and after a load",
  run: async (figures, { quick, note }) => {
    const mesh = await startMesh(3);
    const load = new LoadProcess();
    try {
      const seconds = quick ? QUIET_S_QUICK : QUIET_S;
      const aim = { bound: "at most", value: AIM_MIB } as const;
      note(`quiet for ${seconds} s`);
      const before = mesh.boxes.map(processorSeconds);
      await delay(seconds * 1000);
      figures.add("memory of a box after start, most", mostMib(mesh.boxes), "MiB", aim);
      const busy = mesh.boxes.map((box, i) => processorSeconds(box) - (before[i] ?? 0));
      figures.add("processor of an idle box, most", (Math.max(...busy) / seconds) * 100, "%");
      const senders = await sendersOn(mesh);
      await load.run("sendLoad", { senders, messages: LOAD_MESSAGES });
      note(`quiet for ${seconds} s`);
      await delay(seconds * 1000);
      figures.add(`memory after ${LOAD_MESSAGES} messages, most`, mostMib(mesh.boxes), "MiB", aim);
    } finally {
      load.stop();
      await mesh.stop();
    }
  },
};

function mostMib(boxes: readonly BoxProcess[]): number {
  return Math.max(...boxes.map(residentBytes)) / BYTES_PER_MIB;
}
