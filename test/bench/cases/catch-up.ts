import { until } from "../../e2e/support/box-process.ts";
import type { BoxProcess } from "../../e2e/support/box-process.ts";
import type { TestMesh } from "../../e2e/support/test-mesh.ts";
import type { Benchmark } from "../benchmark.ts";
import { LoadProcess } from "../load/load-process.ts";
import { sendersOn, startMesh } from "../support/bench-mesh.ts";
import { BYTES_PER_MIB, residentBytes } from "../support/process-stats.ts";

const MESSAGES = 10_000;
const MESSAGES_QUICK = 2000;
const AIM_S = 5;
const SEND_WAIT_MS_MAX = 300_000;

export const catchUp: Benchmark = {
  name: "catch-up",
  about: `a box that was down while ${MESSAGES} messages were sent gets them all`,
  run: async (figures, { quick }) => {
    const mesh = await startMesh(3);
    const load = new LoadProcess();
    try {
      const messages = quick ? MESSAGES_QUICK : MESSAGES;
      const senders = await sendersOn(mesh);
      const [one, late] = [mesh.box(1), mesh.box(3)];
      await late.stop();
      await mesh.untilLinked(one, 1);
      const elsewhere = senders.map((sender, i) => ({ ...sender, url: mesh.box(1 + (i % 2)).url }));
      await load.run("sendLoad", { senders: elsewhere, messages });
      const times = await start(mesh, late);
      const aim = { bound: "at most", value: AIM_S } as const;
      const what = `${messages} messages`;
      figures.add(
        `${what}, from link to level`,
        times.level - times.linked,
        "s",
        quick ? undefined : aim,
      );
      figures.add(`${what}, from power on to level`, times.level, "s");
      figures.add(`${what}, from power on to first answer`, times.answer, "s");
      figures.add("memory of the late box afterwards", residentBytes(late) / BYTES_PER_MIB, "MiB");
    } finally {
      load.stop();
      await mesh.stop();
    }
  },
};

/** Seconds from the start of the process, as the first box sees them. */
async function start(
  mesh: TestMesh,
  late: BoxProcess,
): Promise<{ readonly linked: number; readonly level: number; readonly answer: number }> {
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  const answered = late.start().then(seconds);
  const seenBy = mesh.box(1);
  const look = async () =>
    (await seenBy.control("status", {})).boxes.find(({ name }) => name === late.name);
  await until("the late box is linked", async () => (await look())?.up === true, SEND_WAIT_MS_MAX);
  const linked = seconds();
  await until("it is level", async () => (await look())?.behind === 0, SEND_WAIT_MS_MAX);
  return { linked, level: seconds(), answer: await answered };
}
