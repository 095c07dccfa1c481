import type { Benchmark } from "../benchmark.ts";
import { LoadProcess } from "../load/load-process.ts";
import { startMesh } from "../support/bench-mesh.ts";
import { TestUser } from "../../e2e/support/client.ts";

const AIM_MS = 15;
const PAUSE_MS = 20;

export const arrival: Benchmark = {
  name: "arrival",
  about: "from a send on box 1 to its arrival in a sync that waits on box 3",
  run: async (figures, { quick }) => {
    const mesh = await startMesh(3);
    const load = new LoadProcess();
    try {
      const [one, three] = [mesh.box(1), mesh.box(3)];
      const alice = await TestUser.register(one.url, "alice");
      const bob = await TestUser.register(one.url, "bob");
      const room = await alice.createRoom(one.url, { preset: "public_chat" });
      await bob.ask("POST", one.url, `/rooms/${encodeURIComponent(room)}/join`, {});
      await mesh.untilWhole();
      const pair = {
        room,
        sender: { url: one.url, token: alice.token },
        receiver: { url: three.url, token: bob.token },
        pauseMs: PAUSE_MS,
      };
      await load.run("measureArrival", { ...pair, messages: 50 });
      const messages = quick ? 100 : 400;
      const { latencies } = await load.run("measureArrival", { ...pair, messages });
      figures.addTimes("send to arrival", latencies, { bound: "at most", value: AIM_MS });
    } finally {
      load.stop();
      await mesh.stop();
    }
  },
};
