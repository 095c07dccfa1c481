import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { callMeshd } from "../../../bin/control/client.ts";
import type { Params, Result, Verb } from "../../../bin/control/protocol.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
/** A box that does not answer by then has failed to start, milliseconds. */
const START_WAIT_MS = 20_000;
const LOOK_INTERVAL_MS = 25;

/** Where the programs of a box run. */
export interface Site {
  /** The address on which the box listens. */
  readonly host: string;
  /** Words before every program of the box, as those that enter a network namespace. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The file for what the box prints; in its home where left out. */
  readonly log?: string;
}

const LOOPBACK: Site = { host: "127.0.0.1", command: [], environment: {} };

/** A real `meshd` in a process of its own, and its control socket. */
export class BoxProcess {
  readonly name: string;
  readonly home: string;
  readonly url: string;
  readonly log: string;
  readonly site: Site;
  /** The folder of the software that the box runs from its next start on. */
  software = REPOSITORY;
  #child: ChildProcess | undefined;

  constructor(name: string, home: string, port: number, site: Site = LOOPBACK) {
    this.name = name;
    this.home = home;
    this.site = site;
    this.url = `http://${site.host}:${port}`;
    this.log = site.log ?? join(home, "meshd.log");
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && !hasEnded(this.#child);
  }

  /** Resolves when the box answers clients. */
  async start(): Promise<void> {
    await this.#launch(() => this.answers());
  }

  /** Resolves when the box answers its owner; whether clients are answered is another matter. */
  async startUp(): Promise<void> {
    await this.#launch(() =>
      this.control("status", {}).then(
        () => true,
        () => false,
      ),
    );
  }

  /** Waits for nothing. Tells when the process has ended, and how. */
  launch(): Promise<ProcessEnd> {
    const { command, environment } = this.site;
    const meshd = [process.execPath, "bin/meshd.ts", "--home", this.home];
    const [program = "", ...words] = [...command, ...meshd];
    const log = openSync(this.log, "a");
    const child = spawn(program, words, {
      cwd: this.software,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...environment },
    });
    closeSync(log);
    this.#child = child;
    return new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
  }

  async #launch(isUp: () => Promise<boolean>): Promise<void> {
    let isOver = false;
    void this.launch().then(() => (isOver = true));
    const isUpYet = (): Promise<boolean> => {
      if (isOver) throw new Error(`${this.name} ended: see ${this.log}`);
      return isUp();
    };
    await until(`${this.name} answers`, isUpYet, START_WAIT_MS);
  }

  async answers(): Promise<boolean> {
    try {
      const { status } = await fetch(`${this.url}/_matrix/client/versions`);
      return status === 200;
    } catch {
      return false;
    }
  }

  /** How many lines of the box's log have this message. */
  logged(message: string): number {
    const wanted = `"msg":${JSON.stringify(message)}`;
    return readFileSync(this.log, "utf8").split(wanted).length - 1;
  }

  control<V extends Verb>(verb: V, params: Params<V>): Promise<Result<V>> {
    return callMeshd(this.home, verb, params);
  }

  /** The power goes. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || hasEnded(child)) return Promise.resolve();
    return new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.kill(signal);
    });
  }
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** The time between two looks at another process, which tells nobody when it changes. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}

/** Looks until it is true; fails with `what` when it takes too long. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  waitMs = 15_000,
): Promise<void> {
  const giveUp = performance.now() + waitMs;
  while (!(await isTrue())) {
    if (performance.now() > giveUp) throw new Error(`waited ${waitMs} ms in vain until ${what}`);
    await pause(LOOK_INTERVAL_MS);
  }
}
