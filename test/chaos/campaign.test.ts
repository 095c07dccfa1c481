import { describe, expect, it } from "vitest";
import { Prng } from "../simulation/prng.ts";
import { Campaign } from "./campaign.ts";
import { ALL_FAULTS } from "./faults/all-faults.ts";
import type { Fault, Run } from "./faults/fault.ts";

/** Less than one round takes: no fault is shorter than two seconds. */
const SECONDS = 30;

/** Faults that only write down that they struck, on a stage on which nothing happens. */
function rehearse(strike: (name: string) => Promise<void> = async () => undefined) {
  const timeline = { seconds: 0, note: () => undefined };
  const struck: string[] = [];
  const incidents: string[] = [];
  const recovered: string[] = [];
  const faults: Fault[] = ALL_FAULTS.map(({ name, about, isAlone, lasts }) => ({
    name,
    about,
    isAlone,
    lasts,
    needs: [],
    strike: async (_run, { seconds }) => {
      struck.push(`${name} ${seconds.toFixed(3)}`);
      timeline.seconds += seconds;
      await strike(name);
    },
  }));
  const machine = { name: "box1", recover: async () => void recovered.push("box1") };
  const run = {
    mesh: {},
    machines: [machine],
    network: { heal: async () => undefined },
    workload: { untilConverged: async () => undefined, convergenceMs: [0] },
    timeline,
    incident: (what: string) => void incidents.push(what),
  } as unknown as Run;
  return { struck, incidents, recovered, faults, run, timeline };
}

describe("a campaign of faults", () => {
  it("strikes with each fault once, however little time there is, in the order of its seed", async () => {
    const orders = [];
    for (const seed of ["1", "1", "2"]) {
      const { struck, faults, run } = rehearse();
      await new Campaign(run, faults, new Prng(seed), SECONDS).run();
      orders.push(struck);
    }
    const names = ALL_FAULTS.map(({ name }) => name).toSorted();
    expect(orders[0]!.map((line) => line.split(" ")[0]).toSorted()).toEqual(names);
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).not.toEqual(orders[0]);
  });

  it("leaves out what a slow machine has no time for, and says so", async () => {
    const { struck, faults, run, timeline } = rehearse(async () => void (timeline.seconds += 20));
    const campaign = new Campaign(run, faults, new Prng("1"), SECONDS);
    await campaign.run();
    expect(struck.length).toBeLessThan(5);
    expect(campaign.missed).toHaveLength(ALL_FAULTS.length - struck.length);
  });

  it("takes a fault that fails for a violation, and goes on with boxes that run", async () => {
    const { incidents, recovered, faults, run } = rehearse(async (name) => {
      if (name === "gone") throw new Error("it did not come back");
    });
    const campaign = new Campaign(run, faults, new Prng("1"), SECONDS);
    await campaign.run();
    expect(incidents).toEqual([expect.stringMatching(/^gone: .*did not come back/)]);
    expect(recovered).toEqual(["box1"]);
    expect([...campaign.struck.values()]).toEqual(ALL_FAULTS.map(() => 1));
  });
});
