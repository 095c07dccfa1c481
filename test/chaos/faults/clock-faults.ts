import { pause, until } from "../../e2e/support/box-process.ts";
import { faultOfOne } from "./fault.ts";

const HOUR_S = 3600;
const TEN_YEARS_S = 10 * 365 * 24 * HOUR_S;
/** An answer under way is older by this much at most. */
const TOLERANCE_MS = 60_000;
/** Some minutes after the epoch: what a board without a clock battery has when it boots. */
const UNSET_S = 600;

export const clock = faultOfOne({
  name: "clock",
  about: "the clock of one box jumps to 1970, ten years ahead or an hour back, then is set right",
  needs: ["clock"],
  async strikeAt(machine, run, { prng, seconds }) {
    const jumps = {
      "to 1970": UNSET_S - Date.now() / 1000,
      "ten years ahead": TEN_YEARS_S,
      "an hour back": -HOUR_S,
    };
    const jump = prng.pick(Object.keys(jumps) as (keyof typeof jumps)[]);
    const boots = prng.chance(0.5);
    const how = boots ? "while it is off, so that it boots with it" : "under its hands";
    run.timeline.note(`clock: ${machine.name} ${jump}, ${how}, for ${seconds.toFixed(1)} s`);
    if (boots) await machine.cutPower();
    machine.setClock(jumps[jump]);
    if (boots) await machine.powerOn();
    await until(`${machine.name} has the wrong time`, async () => {
      const { now } = await machine.box.control("status", {});
      return Math.abs(now - Date.now() - jumps[jump] * 1000) < TOLERANCE_MS;
    });
    await pause(seconds * 1000);
    machine.setClock(0);
  },
});
