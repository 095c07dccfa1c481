import type { BoxProcess } from "../../e2e/support/box-process.ts";
import type { Benchmark } from "../benchmark.ts";
import { median } from "../figures.ts";
import { startMesh } from "../support/bench-mesh.ts";

const AIM_S = 2;
const REPEATS = 7;
const REPEATS_QUICK = 3;

export const startUp: Benchmark = {
  name: "start-up",
  about: "from the start of the process to its first answer to a client",
  run: async (figures, { quick }) => {
    const repeats = quick ? REPEATS_QUICK : REPEATS;
    const mesh = await startMesh(3);
    try {
      const aim = { bound: "at most", value: AIM_S } as const;
      figures.add("one of three boxes, p50", await restart(mesh.box(3), repeats), "s", aim);
      await mesh.box(2).stop();
      await mesh.box(3).stop();
      figures.add("the others are down, p50", await restart(mesh.box(1), repeats), "s");
    } finally {
      await mesh.stop();
    }
  },
};

async function restart(box: BoxProcess, repeats: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    await box.stop();
    const began = performance.now();
    await box.start();
    times.push((performance.now() - began) / 1000);
  }
  return median(times);
}
