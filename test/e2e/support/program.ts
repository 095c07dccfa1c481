import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { until } from "./box-process.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
/** A program that is to end has failed when it runs for longer, milliseconds. */
const END_WAIT_MS = 30_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program of `bin/` in a process of its own, with all that it prints. */
export class Program {
  readonly child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";

  constructor(program: "meshd" | "meshctl" | "start", args: readonly string[]) {
    const child = spawn(process.execPath, [`bin/${program}.ts`, ...args], {
      cwd: REPOSITORY,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    child.stdout.on("data", (chunk: Buffer) => (this.#stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.#ended = once(child, "close").then(([code, signal]) => ({ code, signal }) as Ended);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Fails when the program ends before it is true. */
  async until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    let ended: Ended | undefined;
    void this.#ended.then((how) => (ended = how));
    await until(
      what,
      async () => {
        if (await isTrue()) return true;
        if (ended) throw new Error(`ended before ${what}: ${this.#stdout}${this.#stderr}`);
        return false;
      },
      END_WAIT_MS,
    );
  }

  /** How it ends; when it does not, it is killed and that is what comes out. */
  async ended(): Promise<Ended> {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), END_WAIT_MS);
    const how = await this.#ended;
    clearTimeout(timer);
    return how;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    this.child.kill(signal);
    return this.ended();
  }
}

export interface MeshctlReply {
  readonly code: number | null;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Runs `meshctl --json` on a home as a script would. */
export async function meshctl(home: string, ...args: readonly string[]): Promise<MeshctlReply> {
  const program = new Program("meshctl", ["--home", home, "--json", ...args]);
  const { code } = await program.ended();
  const [line = "", ...rest] = program.stdout.trimEnd().split("\n");
  if (rest.length > 0 || program.stderr !== "") {
    throw new Error(`not one line of JSON: ${program.stdout}${program.stderr}`);
  }
  return { code, json: JSON.parse(line) as MeshctlReply["json"] };
}

/** Is there a process of this ID? */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
