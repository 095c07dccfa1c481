import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigValues } from "../../bin/config/render.ts";
import type { Site } from "../e2e/support/box-process.ts";
import { CardDisk, SmallDisk } from "../e2e/support/small-disk.ts";
import { TestMesh } from "../e2e/support/test-mesh.ts";
import type { Prng } from "../simulation/prng.ts";
import { Machine } from "./machine.ts";
import { DrillNetwork, WiredNetwork } from "./network/network.ts";
import type { Network } from "./network/network.ts";
import type { Sandbox } from "./sandbox.ts";

const BOXES = 3;
/** The box that has a small disk of its own, and how small: a store, what it keeps free, and some room. */
const SMALL_DISK_HOST = 3;
const SMALL_DISK_MIB = 256;
/** The box whose disk is a card that can wear out, in a file that grows as it is filled. */
const CARD_HOST = 2;
const CARD_MIB = 1024;

/** Journals so short that boxes cut them all the time, and copy a store after some seconds away. */
const SHORT_JOURNAL: ConfigValues = { "mesh.journal_keep": 40, "mesh.journal_held": 120 };

/** Three machines and what lies between them. */
export interface Stage {
  readonly mesh: TestMesh;
  readonly network: Network;
  readonly machines: readonly Machine[];
}

/** Logs and clocks are kept in `folder`, beside the homes, which faults destroy. */
export async function setStage(
  sandbox: Sandbox,
  folder: string,
  options: {
    readonly prng: Prng;
    readonly hasShortJournals: boolean;
    readonly onIncident: (what: string) => void;
  },
): Promise<Stage> {
  const { prng, onIncident } = options;
  const network = sandbox.isInside ? await WiredNetwork.start(prng) : new DrillNetwork();
  let host = 0;
  let smallDisk: SmallDisk | undefined;
  let card: CardDisk | undefined;
  const site = async (name: string, home: string): Promise<Site> => {
    host++;
    if (host === SMALL_DISK_HOST && sandbox.abilities.has("small disk")) {
      smallDisk = new SmallDisk(home, SMALL_DISK_MIB);
    }
    if (host === CARD_HOST && sandbox.abilities.has("card")) {
      card = new CardDisk(home, `${home}.img`, CARD_MIB);
    }
    const clock = clockFileOf(folder, name);
    if (sandbox.fakeClock !== undefined) writeFileSync(clock, "+0");
    return {
      ...(await network.place(host)),
      environment: sandbox.fakeClock === undefined ? {} : clockOf(sandbox.fakeClock, clock),
      log: join(folder, `${name}.log`),
    };
  };
  const mesh = await TestMesh.start({
    boxes: BOXES,
    site,
    config: options.hasShortJournals ? SHORT_JOURNAL : {},
  });
  const machines = mesh.boxes.map((box, i) => {
    const clockFile = sandbox.fakeClock === undefined ? undefined : clockFileOf(folder, box.name);
    return new Machine({
      host: i + 1,
      box,
      clockFile,
      smallDisk: i + 1 === SMALL_DISK_HOST ? smallDisk : undefined,
      card: i + 1 === CARD_HOST ? card : undefined,
      onIncident,
    });
  });
  return { mesh, network, machines };
}

function clockFileOf(folder: string, name: string): string {
  return join(folder, `${name}.clock`);
}

/** Waits and timeouts of a process go on as they are: only what it takes for the date is wrong. */
function clockOf(library: string, file: string): Record<string, string> {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: "1",
    DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
}
