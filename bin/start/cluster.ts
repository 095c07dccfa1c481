import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import nacl from "tweetnacl";
import { loadConfigToRun } from "../config/load.ts";
import { withConfigValues } from "../config/render.ts";
import { callMeshd } from "../control/client.ts";
import { createHome } from "../home/create.ts";
import { HomeError } from "../home/error.ts";
import { writeFileAtomically } from "../home/json-file.ts";
import { readPid } from "../home/lock.ts";
import { homePaths } from "../home/paths.ts";
import { newSecrets } from "../home/secrets.ts";
import { joinHome } from "../meshctl/join-home.ts";
import { BoxProcess } from "./box-process.ts";
import type { BoxPlan } from "./options.ts";
import { untilConnected, untilReady } from "./readiness.ts";

/** How long an invitation between two boxes of this machine is good, in seconds. */
const INVITATION_TTL_S = 300;

/** From one look at a box that is stopping to the next, in milliseconds. */
const POLL_MS = 50;

const random = (length: number): Uint8Array => nacl.randomBytes(length);

/** The boxes of one `npm start`: made where they are missing, started, stopped together. */
export class Cluster {
  private readonly serverName: string;
  private readonly boxes: readonly BoxProcess[];
  private readonly report: (line: string) => void;

  constructor(serverName: string, plans: readonly BoxPlan[], report: (line: string) => void) {
    this.serverName = serverName;
    this.boxes = plans.map((plan) => new BoxProcess(plan, report));
    this.report = report;
  }

  get processes(): readonly BoxProcess[] {
    return this.boxes;
  }

  /**
   * Starts the boxes that exist; the others join them one after the other. Only when there is none
   * is a new server made. Resolves when all answer and are connected, or say that they are not.
   */
  async start(stopping: AbortSignal): Promise<void> {
    if (!this.boxes.some(isMade)) this.makeFirst();
    const made = this.boxes.filter(isMade);
    const missing = this.boxes.filter((box) => !isMade(box));
    for (const { plan } of made) this.bringConfigUpToDate(plan);
    for (const box of made) box.start();
    await Promise.all(made.map((box) => untilReady(box, stopping)));
    for (const box of missing) {
      await this.join(box.plan);
      box.start();
      await untilReady(box, stopping);
    }
    if (!(await untilConnected(this.boxes, stopping))) {
      this.report("not all boxes are connected with each other yet; they go on trying");
    }
  }

  /** Stops every box, also one that was killed and started again by hand. */
  async stop(): Promise<void> {
    await Promise.all(this.boxes.map((box) => box.stop()));
    await Promise.all(this.boxes.map(({ plan }) => stopByHand(plan)));
  }

  private makeFirst(): void {
    const [first] = this.boxes;
    if (first === undefined) return;
    const { home, name, config } = first.plan;
    this.report(`${name} is made for the new server ${this.serverName}`);
    const values = { ...config, server_name: this.serverName, "box.name": name };
    createHome({ home, secrets: newSecrets(random), members: [], config: values });
  }

  private async join({ name, home, meshAddress, config }: BoxPlan): Promise<void> {
    const host = this.boxes.find((box) => box.pid !== undefined);
    if (host === undefined) throw new Error(`no box runs that ${name} could join`);
    this.report(`${name} joins through ${host.plan.name}`);
    const { code } = await callMeshd(host.plan.home, "invite", { ttl_s: INVITATION_TTL_S });
    // libp2p is loaded only now: a later start needs none of it in this process.
    const { requestJoinOverMesh } = await import("../meshctl/request-join.ts");
    const newBox = { home, code, name, addresses: [meshAddress], config };
    await joinHome(newBox, { requestJoin: requestJoinOverMesh, random });
  }

  private bringConfigUpToDate({ name, home, config }: BoxPlan): void {
    const file = homePaths(home).config;
    const { config: present } = loadConfigToRun(file);
    if (present.server_name !== this.serverName) {
      const message =
        `${name} belongs to the server ${present.server_name}, not ${this.serverName}: ` +
        `use --server-name ${present.server_name}, or another --home`;
      throw new HomeError("HOME_EXISTS", message);
    }
    const source = readFileSync(file, "utf8");
    const wanted = withConfigValues(source, config);
    if (wanted !== source) writeFileAtomically(file, wanted);
  }
}

function isMade({ plan }: BoxProcess): boolean {
  return existsSync(homePaths(plan.home).config);
}

async function stopByHand({ home }: BoxPlan): Promise<void> {
  const pid = readPid(homePaths(home).pid);
  if (pid === undefined || !(await answers(home))) return;
  process.kill(pid, "SIGTERM");
  while (await answers(home)) await delay(POLL_MS);
}

async function answers(home: string): Promise<boolean> {
  return callMeshd(home, "status", {}).then(
    () => true,
    () => false,
  );
}
