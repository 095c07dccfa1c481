import { expect, test } from "vitest";
import { DnsKeeper } from "../../../bin/dns/dns-keeper.ts";
import type { Listing } from "../../../bin/dns/program.ts";
import { Sightings } from "../../../bin/dns/sightings.ts";
import type { BoxId } from "../../../core/ids.ts";
import type { BoxRecord } from "../../../mesh/membership/membership.ts";
import { FAIR } from "../../simulation/options.ts";
import { Prng } from "../../simulation/prng.ts";
import { BoxTimers, SimClock } from "../../simulation/sim-clock.ts";
import { SimNetwork } from "../../simulation/sim-network.ts";
import { SimTransport } from "../../simulation/sim-transport.ts";
import { QUIET } from "../../support/box-on-disk.ts";

const PATIENCE_MS = 30_000;
const NAMES = ["attic", "cellar", "kitchen"];
const IDS = ["a", "b", "c"].map((letter) => letter.repeat(8)) as BoxId[];
const MEMBERS = IDS.map((box, i): BoxRecord => ({
  box,
  name: NAMES[i] ?? "",
  peerId: box,
  addresses: [],
  added: 0,
}));

/** Three boxes on a simulated network, each with a program that notes what it is told. */
class Homes {
  readonly clock = new SimClock();
  readonly network = new SimNetwork(this.clock, new Prng("dns"), FAIR);
  readonly told: string[] = [];
  readonly refuses = new Set<number>();
  /** Boxes that a drill cuts off. */
  readonly drilled = new Set<number>();
  readonly keepers: DnsKeeper[] = [];
  readonly transports: SimTransport[] = [];
  members: readonly BoxRecord[] = MEMBERS;
  problem: string | undefined;
  /** Boxes whose program reaches no provider. */
  readonly offline = new Set<number>();
  /** The program cannot be run at all. */
  throws = false;
  /** How long the program takes, milliseconds. */
  runMs = 0;
  /** Times that a box was asked, or asked itself, whether it serves. */
  asked = 0;

  constructor(withProgram: readonly boolean[] = [true, true, true], startMs = 0, apartMs = 0) {
    for (const [i, has] of withProgram.entries()) this.#add(i, has, startMs + i * apartMs);
  }

  #add(index: number, hasProgram: boolean, startMs: number): void {
    const timers = new BoxTimers(this.clock);
    const self = IDS[index]!;
    const transport = new SimTransport(self, this.network, timers);
    const serves = (): boolean => {
      this.asked++;
      return !this.refuses.has(index);
    };
    const base = { transport, timers, logger: QUIET };
    const run = (listing: Listing): Promise<string | undefined> => {
      this.told.push(`${NAMES[index]}: ${listing.serving.join(" ")} / ${listing.dark.join(" ")}`);
      if (this.throws) return Promise.reject(new Error("spawn ENOTDIR"));
      const problem = this.offline.has(index) ? "no such host" : this.problem;
      return new Promise((resolve) => timers.after(this.runMs, () => resolve(problem)));
    };
    const keeper = new DnsKeeper({
      ...base,
      self,
      serverName: "example.org",
      sightings: new Sightings({ ...base, serves, keeps: hasProgram }),
      members: () => this.members,
      isIsolated: () => this.drilled.has(index),
      run: hasProgram ? run : undefined,
      patienceMs: PATIENCE_MS,
    });
    this.keepers.push(keeper);
    this.transports.push(transport);
    void transport.start();
    transport.setMembers(MEMBERS);
    timers.after(startMs, () => keeper.start());
  }

  isolate(index: number): void {
    for (const other of IDS) {
      this.network.block(IDS[index]!, other);
      this.network.block(other, IDS[index]!);
    }
  }

  /** What was told within so many seconds. */
  async during(seconds: number): Promise<string[]> {
    const before = this.told.length;
    await this.clock.run(this.clock.nowMs + seconds * 1000);
    return this.told.slice(before);
  }
}

test("the first box that serves tells which do, once, and not before it can know", async () => {
  const homes = new Homes();
  expect(await homes.during(29)).toEqual([]);
  expect(await homes.during(300)).toEqual(["attic: attic cellar kitchen / "]);
  expect(homes.keepers.map((keeper) => keeper.report()?.keeper)).toEqual([IDS[0], IDS[0], IDS[0]]);
});

test("a box that is dark for long enough is taken out, and put back when it serves again", async () => {
  const homes = new Homes();
  await homes.during(60);
  homes.transports[2]?.kill(false);
  homes.keepers[2]?.stop();
  expect(await homes.during(25)).toEqual([]);
  expect(await homes.during(30)).toEqual(["attic: attic cellar / kitchen"]);
  expect(homes.keepers[0]?.report()).toMatchObject({ listed: IDS.slice(0, 2) });
});

test("a box that answers no clients is taken out, though it is connected, and put back", async () => {
  const homes = new Homes();
  await homes.during(60);
  homes.refuses.add(1);
  expect(await homes.during(60)).toEqual(["attic: attic kitchen / cellar"]);
  homes.refuses.clear();
  expect(await homes.during(60)).toEqual(["attic: attic cellar kitchen / "]);
});

test("a box that only another one hears stays", async () => {
  const homes = new Homes();
  await homes.during(60);
  homes.network.block(IDS[0]!, IDS[2]!);
  homes.network.block(IDS[2]!, IDS[0]!);
  expect(await homes.during(300)).toEqual([]);
});

test("when the one that tells is dark, the next one does; of two sides each names its own, then one all", async () => {
  const homes = new Homes();
  await homes.during(60);
  homes.isolate(0);
  const apart = await homes.during(120);
  expect(apart.toSorted()).toEqual([
    "attic: attic / cellar kitchen",
    "cellar: attic cellar kitchen / ",
    "cellar: cellar kitchen / attic",
  ]);
  homes.network.heal();
  expect(await homes.during(120)).toEqual(["attic: attic cellar kitchen / "]);
  homes.isolate(0);
  await homes.during(120);
  homes.network.heal();
  expect((await homes.during(120)).at(-1)).toBe("attic: attic cellar kitchen / ");
});

test("a box without a program leaves it to those that have one", async () => {
  const homes = new Homes([false, true, true]);
  expect(await homes.during(120)).toEqual(["cellar: attic cellar kitchen / "]);
  expect(homes.keepers[0]?.report()).toBeNull();
});

test("a program that fails is run again, less and less often, and the owner is told why", async () => {
  const homes = new Homes();
  homes.problem = "no such zone";
  expect((await homes.during(200)).length).toBe(3);
  expect(homes.keepers[0]?.report()?.problem).toBe("no such zone");
  homes.problem = undefined;
  expect(await homes.during(300)).toEqual(["attic: attic cellar kitchen / "]);
  expect(homes.keepers[0]?.report()?.problem).toBeNull();
});

test("a box that keeps the records no more says nothing of what failed when it did", async () => {
  const homes = new Homes();
  homes.isolate(1);
  homes.problem = "no such zone";
  await homes.during(120);
  expect(homes.keepers[1]?.report()?.problem).toBe("no such zone");
  homes.network.heal();
  await homes.during(60);
  expect(homes.keepers[1]?.report()).toMatchObject({ keeper: IDS[0], problem: null });
});

test("a name that is none does not reach the program", async () => {
  const homes = new Homes();
  homes.members = MEMBERS.map((member, i) => (i === 2 ? { ...member, name: "$(reboot)" } : member));
  expect(await homes.during(60)).toEqual(["attic: attic cellar / "]);
});

test("an answer that is none counts as no answer", async () => {
  const homes = new Homes();
  homes.transports[2]?.onRequest("sightings", () => Promise.resolve(Buffer.from(`{"serves":1}`)));
  expect(await homes.during(120)).toEqual(["attic: attic cellar / kitchen"]);
});

test("a box that needed long to start takes none for dark before it could hear of it", async () => {
  const homes = new Homes([true, true, true], 600_000);
  homes.network.block(IDS[0]!, IDS[2]!);
  homes.network.block(IDS[1]!, IDS[2]!);
  await homes.during(615);
  expect(homes.told).toEqual([]);
  expect(homes.keepers[0]?.report()?.listed).toEqual(IDS);
  homes.network.heal();
  expect(await homes.during(60)).toEqual(["attic: attic cellar kitchen / "]);
});

test("while the program runs, which may take a minute, the box goes on listening", async () => {
  const homes = new Homes();
  homes.runMs = 59_000;
  expect(await homes.during(40)).toEqual(["attic: attic cellar kitchen / "]);
  homes.transports[2]?.kill(false);
  homes.keepers[2]?.stop();
  expect(await homes.during(45)).toEqual([]);
  expect(homes.keepers[0]?.report()?.listed).toEqual(IDS.slice(0, 2));
  expect(await homes.during(60)).toEqual(["attic: attic cellar / kitchen"]);
});

test("where no box has a program, none asks", async () => {
  const homes = new Homes([false, false, false]);
  await homes.during(600);
  expect(homes.asked).toBe(0);
});

test.each([
  ["an hour", 3600],
  ["a night", 36_000],
])("a home whose line was out for %s is put back soon after its return", async (_, seconds) => {
  const homes = new Homes();
  await homes.during(60);
  homes.isolate(0);
  homes.offline.add(0);
  expect(await homes.during(seconds)).toContain("cellar: cellar kitchen / attic");
  homes.offline.clear();
  homes.network.heal();
  expect((await homes.during(60)).at(-1)).toBe("attic: attic cellar kitchen / ");
});

test("however long a cut lasts, all are in the records soon after it", async () => {
  for (let seconds = 20; seconds <= 50; seconds++) {
    const homes = new Homes([true, true, true], 0, 2300);
    await homes.during(60);
    homes.isolate(0);
    await homes.during(seconds);
    homes.network.heal();
    await homes.during(90);
    expect(homes.told.at(-1), `${seconds} s`).toMatch(/: attic cellar kitchen \/ $/);
  }
});

test("what another box may have changed while the program ran is told once more", async () => {
  const homes = new Homes();
  homes.runMs = 50_000;
  await homes.during(33);
  homes.runMs = 0;
  homes.isolate(0);
  expect(await homes.during(42)).toContain("cellar: cellar kitchen / attic");
  homes.network.heal();
  expect((await homes.during(150)).at(-1)).toBe("attic: attic cellar kitchen / ");
});

test("after a failure the program is told what it was told before, for it may have done a part", async () => {
  const homes = new Homes([true, false, false]);
  await homes.during(60);
  homes.problem = "the provider hung up";
  homes.refuses.add(1);
  expect(await homes.during(40)).toEqual(["attic: attic kitchen / cellar"]);
  homes.problem = undefined;
  homes.refuses.clear();
  expect(await homes.during(60)).toEqual(["attic: attic cellar kitchen / "]);
});

test("the same is told again every ten minutes, for an address may have changed", async () => {
  const homes = new Homes();
  expect(await homes.during(1300)).toEqual(Array(3).fill("attic: attic cellar kitchen / "));
});

test("a program that cannot be run at all is tried again", async () => {
  const homes = new Homes();
  homes.throws = true;
  await homes.during(40);
  expect(homes.keepers[0]?.report()?.problem).toContain("spawn ENOTDIR");
  homes.throws = false;
  expect(await homes.during(60)).toEqual(["attic: attic cellar kitchen / "]);
  expect(homes.keepers[0]?.report()?.problem).toBeNull();
});

test("a box that a drill cuts off leaves the records to the others, until it hears them again", async () => {
  const homes = new Homes();
  await homes.during(60);
  homes.isolate(0);
  homes.drilled.add(0);
  expect((await homes.during(120)).at(-1)).toBe("cellar: cellar kitchen / attic");
  expect(homes.keepers[0]?.report()?.keeper).toBeNull();
  homes.drilled.clear();
  // The links need a moment.
  await homes.during(20);
  homes.network.heal();
  await homes.during(60);
  const attic = homes.told.filter((line) => line.startsWith("attic"));
  expect(new Set(attic)).toEqual(new Set(["attic: attic cellar kitchen / "]));
  expect(homes.told.at(-1)).toBe("attic: attic cellar kitchen / ");
});
