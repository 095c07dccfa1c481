import { TestUser } from "../../e2e/support/client.ts";
import type { Benchmark } from "../benchmark.ts";
import type { Aim, Figures } from "../figures.ts";
import { median, percentile } from "../figures.ts";
import { LoadProcess } from "../load/load-process.ts";
import { startMesh } from "../support/bench-mesh.ts";

/** A person who waits longer takes the server for dead. */
const AIM: Aim = { bound: "at most", value: 2000 };
const ROUNDS = 300;
const ROUNDS_QUICK = 50;

export const alone: Benchmark = {
  name: "alone",
  about: "answers of the only box that is up, from the moment on in which two others go dark",
  run: async (figures, { quick }) => {
    const mesh = await startMesh(3);
    const load = new LoadProcess();
    const [one, ...others] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    try {
      const alice = await TestUser.register(one.url, "alice");
      const bob = await TestUser.register(one.url, "bob");
      const room = await alice.createRoom(one.url, { preset: "public_chat" });
      await bob.ask("POST", one.url, `/rooms/${encodeURIComponent(room)}/join`, {});
      await mesh.untilWhole();
      // As without power: they close no connection and refuse none, they say nothing any more.
      for (const box of others) box.signal("SIGSTOP");
      const { versions, login, send, sync } = await load.run("measureRounds", {
        url: one.url,
        room,
        sender: { token: alice.token },
        reader: { token: bob.token, name: "bob", password: "bob-password" },
        rounds: quick ? ROUNDS_QUICK : ROUNDS,
      });
      addTimes(figures, "supported versions", versions);
      addTimes(figures, "login with a password", login);
      addTimes(figures, "sending a message", send);
      addTimes(figures, "sync with news waiting", sync);
    } finally {
      load.stop();
      await Promise.all(others.map((box) => box.kill()));
      await mesh.stop();
    }
  },
};

/** The tail is what is promised. */
function addTimes(figures: Figures, name: string, times: readonly number[]): void {
  figures.add(`${name}, p50`, median(times), "ms");
  figures.add(`${name}, p99`, percentile(times, 99), "ms", AIM);
}
