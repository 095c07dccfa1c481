import type { Benchmark } from "../benchmark.ts";
import { median } from "../figures.ts";
import { HttpClient } from "../load/http-client.ts";
import { startMesh } from "../support/bench-mesh.ts";
import { TestUser } from "../../e2e/support/client.ts";

const ROOMS = 100;
const MESSAGES_PER_ROOM = 10;
const REPEATS = 9;
const BYTES_PER_KIB = 1024;

export const initialSync: Benchmark = {
  name: "initial-sync",
  about: `first sync of an account with ${ROOMS} rooms of ${MESSAGES_PER_ROOM} messages`,
  run: async (figures, { quick }) => {
    const mesh = await startMesh(1);
    try {
      const box = mesh.box(1);
      const user = await TestUser.register(box.url, "alice");
      for (let i = 0; i < ROOMS; i++) {
        const room = await user.createRoom(box.url, { name: `Room ${i}` });
        for (let n = 0; n < MESSAGES_PER_ROOM; n++) await user.say(box.url, room, `${i} ${n}`);
      }
      await box.stop();
      await box.start();
      const client = new HttpClient(box.url, user.token);
      const times: number[] = [];
      let bytes = 0;
      for (let i = 0; i < (quick ? 4 : 1 + REPEATS); i++) {
        const start = performance.now();
        bytes = (await client.ask("GET", "/_matrix/client/v3/sync")).length;
        times.push(performance.now() - start);
      }
      client.close();
      const [cold = Number.NaN, ...warm] = times;
      figures.add("just after the start of the box", cold, "ms");
      figures.add("again, p50", median(warm), "ms");
      figures.add("size of the answer", bytes / BYTES_PER_KIB, "KiB");
    } finally {
      await mesh.stop();
    }
  },
};
