import type { TestMesh } from "../../e2e/support/test-mesh.ts";
import type { Prng } from "../../simulation/prng.ts";
import type { Machine } from "../machine.ts";
import type { Network } from "../network/network.ts";
import type { Timeline } from "../timeline.ts";
import type { Workload } from "../workload/workload.ts";

/** What not every machine lets a test do. */
export type Ability = "packets" | "clock" | "small disk" | "card" | "slow disk";

/** All that a fault may touch. */
export interface Run {
  readonly mesh: TestMesh;
  readonly machines: readonly Machine[];
  readonly network: Network;
  readonly workload: Workload;
  readonly timeline: Timeline;
  /** Something happened that must not. */
  readonly incident: (what: string) => void;
}

/** What the seed has drawn for one time that a fault strikes. */
export interface Draw {
  readonly prng: Prng;
  /** About how long it lasts, without what repairing takes. */
  readonly seconds: number;
}

export interface Fault {
  readonly name: string;
  readonly about: string;
  readonly needs: readonly Ability[];
  /** It rests on the other boxes being whole, so nothing else may go on at the same time. */
  readonly isAlone: boolean;
  /** How many times as long as other faults it lasts. */
  readonly lasts: number;
  /** Resolves when all is repaired, and the boxes only have to catch up. */
  strike(run: Run, draw: Draw): Promise<void>;
}

type Told = Pick<Fault, "name" | "about">;
type Kind = Partial<Pick<Fault, "needs" | "isAlone" | "lasts">>;

/** One that every machine can do, beside others and as long as most, unless told. */
export function fault(what: Told & Kind & Pick<Fault, "strike">): Fault {
  return { needs: [], isAlone: false, lasts: 1, ...what };
}

/** As `fault`, for one that strikes a machine which the seed picks. */
export function faultOfOne(
  what: Told & Kind & { strikeAt(machine: Machine, run: Run, draw: Draw): Promise<void> },
): Fault {
  const { strikeAt, ...rest } = what;
  return fault({
    ...rest,
    strike: (run, draw) => strikeAt(draw.prng.pick(run.machines), run, draw),
  });
}

export function othersOf({ machines }: Run, machine: Machine): Machine[] {
  return machines.filter((one) => one !== machine);
}

/** How long something goes on, for the timeline. */
export function lasting({ seconds }: Draw): string {
  return `for ${seconds.toFixed(1)} s`;
}

export function shuffled<T>(prng: Prng, list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: prng.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
