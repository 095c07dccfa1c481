import { writeFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pause, until } from "../e2e/support/box-process.ts";
import type { BoxProcess } from "../e2e/support/box-process.ts";
import type { CardDisk, SmallDisk } from "../e2e/support/small-disk.ts";
import type { Host } from "./network/wire.ts";

/** A start that repairs a store fetches all of it, on cores that do more than that; milliseconds. */
export const SERVING_WAIT_MS = 60_000;
/** What starts boxes again waits so long, as systemd does; milliseconds. */
const RESTART_PAUSE_MS = 500;

export interface MachineParts {
  readonly host: Host;
  readonly box: BoxProcess;
  /** The file that tells libfaketime how wrong the clock is; undefined where there is none. */
  readonly clockFile: string | undefined;
  /** Its home, where that is a disk of its own. */
  readonly smallDisk: SmallDisk | undefined;
  readonly card: CardDisk | undefined;
  /** Something happened that must not. */
  readonly onIncident: (what: string) => void;
}

/** One small computer: a box, its power switch, its clock and its disk. */
export class Machine {
  readonly host: Host;
  readonly smallDisk: SmallDisk | undefined;
  readonly card: CardDisk | undefined;
  box: BoxProcess;
  /** Clients get no answers from it. */
  isDark = false;
  /** Clients are to leave it alone: its disk is about to be destroyed. */
  isAvoided = false;
  /** Writing requests that are under way to it. */
  writes = 0;
  /** It may end by itself, as with a disk that takes nothing; it is started again then. */
  mayEnd = false;
  readonly #clockFile: string | undefined;
  readonly #onIncident: (what: string) => void;
  #isOn = true;

  constructor({ host, box, clockFile, smallDisk, card, onIncident }: MachineParts) {
    this.host = host;
    this.box = box;
    this.#clockFile = clockFile;
    this.smallDisk = smallDisk;
    this.card = card;
    this.#onIncident = onIncident;
  }

  get name(): string {
    return `box${this.host}`;
  }

  /** The power goes: nothing is written any more, nobody is told. */
  async cutPower(): Promise<void> {
    this.#isOn = false;
    this.isDark = true;
    await this.box.kill();
  }

  /** Ends in order. */
  async stop(): Promise<void> {
    this.#isOn = false;
    this.isDark = true;
    await this.box.stop();
  }

  /** Only switches it on; nothing where it is on. */
  switchOn(): void {
    this.#isOn = true;
    const { box } = this;
    if (box.isRunning) return;
    void box.launch().then(async ({ code, signal }) => {
      if (!this.#isOn || this.box !== box) return;
      if (!this.mayEnd) this.#onIncident(`${this.name} ended by itself (${signal ?? code})`);
      await pause(RESTART_PAUSE_MS);
      if (this.#isOn && this.box === box && !box.isRunning) this.switchOn();
    });
  }

  /** Resolves when it answers its clients. */
  async powerOn(): Promise<void> {
    this.switchOn();
    await this.untilServing();
  }

  async untilServing(): Promise<void> {
    await until(`${this.name} serves its clients`, () => this.box.answers(), SERVING_WAIT_MS);
    this.isDark = false;
  }

  /** All tasks stop where they are, and later go on as if nothing had been. */
  freeze(): void {
    this.isDark = true;
    this.box.signal("SIGSTOP");
  }

  thaw(): void {
    this.box.signal("SIGCONT");
    this.isDark = false;
  }

  /** Puts the clock wrong by so many seconds; takes a second to be seen. */
  setClock(offsetSeconds: number): void {
    if (this.#clockFile === undefined) throw new Error(`${this.name} has the machine's clock`);
    writeFileSync(this.#clockFile, `${offsetSeconds < 0 ? "" : "+"}${Math.round(offsetSeconds)}`);
  }

  /** Whatever was done to it is undone, and it serves its clients. */
  async recover(): Promise<void> {
    this.mayEnd = false;
    this.isAvoided = false;
    if (this.#clockFile !== undefined) this.setClock(0);
    this.smallDisk?.remount("rw");
    this.smallDisk?.makeRoom();
    if (this.card?.hasFailed) {
      await this.cutPower();
      this.card.mend();
    }
    this.box.signal("SIGCONT");
    await this.powerOn();
  }

  /** Everything in the home is gone; a mount stays. */
  async emptyHome(): Promise<void> {
    const { home } = this.box;
    for (const name of await readdir(home)) await rm(join(home, name), { recursive: true });
  }
}
