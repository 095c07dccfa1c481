import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import { TestUser, call, textsOf } from "./support/client.ts";
import { Program, isRunning } from "./support/program.ts";
import { freePort, isFree } from "./support/free-port.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..");
const SERVER = "start.localhost";
/** From one box's client port to the next one's; its mesh port is one more. */
const PORT_STEP = 10;
const BOXES = 4;
const START_WAIT_MS = 60_000;

let home: string;
let port: number;
let running: Npm | undefined;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "hearth-e2e-"));
  port = await freeRange();
});
afterAll(async () => {
  await running?.interrupt();
  rmSync(home, { recursive: true, force: true });
});

/** `npm start` in a process group of its own, as a terminal runs it. */
class Npm {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  output = "";

  constructor(...options: readonly string[]) {
    const common = ["--home", home, "--port", String(port), "--server-name", SERVER];
    this.#child = spawn("npm", ["start", "--silent", "--", ...common, ...options], {
      cwd: REPOSITORY,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = once(this.#child, "close");
    this.#child.stdout?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  async ready(): Promise<void> {
    const isReady = (): boolean => {
      if (this.#child.exitCode !== null) throw new Error(`npm start ended: ${this.output}`);
      return this.output.includes("Ctrl-C");
    };
    await until("npm start is ready", isReady, START_WAIT_MS);
  }

  async code(): Promise<unknown> {
    return (await this.#closed)[0];
  }

  /** Ctrl-C: every process of the group hears it. */
  interrupt(): Promise<unknown> {
    const { pid, exitCode } = this.#child;
    if (pid !== undefined && exitCode === null) process.kill(-pid, "SIGINT");
    return this.code();
  }

  /** What `kill PID` of a script does. */
  terminate(): Promise<unknown> {
    this.#child.kill("SIGTERM");
    return this.code();
  }
}

const urlOf = (box: number): string => `http://127.0.0.1:${port + PORT_STEP * (box - 1)}`;

function pidOf(box: number): number {
  return Number(readFileSync(join(home, `box${box}`, "meshd.pid"), "utf8"));
}

describe("npm start (N=3, then 4)", () => {
  let alice: TestUser;
  let room: string;

  it("makes three boxes that are one server, and tells where they are and what to do next", async () => {
    const npm = new Npm("--open-registration");
    running = npm;
    await npm.ready();
    const table = npm.output.split("\n");
    for (const box of [1, 2, 3]) {
      const row = table.find((line) => line.includes(urlOf(box)))?.split(/ {2,}/);
      expect(row).toEqual([`box${box}`, urlOf(box), `up (process ${pidOf(box)})`]);
      expect(isRunning(pidOf(box))).toBe(true);
    }
    expect(npm.output).toContain("user add alice");
    expect(npm.output).toContain(`log in as @alice:${SERVER}`);

    alice = await TestUser.register(urlOf(1), "alice");
    expect(alice.id).toBe(`@alice:${SERVER}`);
    room = await alice.createRoom(urlOf(2));
    await alice.say(urlOf(3), room, "before the restart");
  });

  it("refuses a second start on the same home, and the first one goes on", async () => {
    const second = new Npm();
    expect(await second.code()).toBe(1);
    expect(second.output).toMatch(/npm start already runs on .* as process \d+; stop that first/);
    expect((await call("GET", `${urlOf(1)}/_matrix/client/versions`)).status).toBe(200);
  });

  it("Ctrl-C stops all of them, and nothing is left", async () => {
    const pids = [1, 2, 3].map(pidOf);
    const npm = running as Npm;
    expect(await npm.interrupt()).toBe(0);
    expect(npm.output).toContain("all boxes have stopped");
    expect(pids.filter(isRunning)).toEqual([]);
    for (const box of ["box1", "box2", "box3"]) {
      expect(existsSync(join(home, box, "meshd.pid"))).toBe(false);
      expect(existsSync(join(home, box, "meshd.sock"))).toBe(false);
    }
    expect(existsSync(join(home, "start.pid"))).toBe(false);
  });

  it("refuses another server's name on the same home", async () => {
    const other = new Npm("--server-name", "other.localhost");
    expect(await other.code()).toBe(1);
    expect(other.output).toContain(`use --server-name ${SERVER}, or another --home`);
  });

  it("goes on where it was, with one box more when asked; a killed box comes back", async () => {
    const npm = new Npm("--boxes", String(BOXES));
    running = npm;
    await npm.ready();
    expect(npm.output).toMatch(/box4 joins through box\d/);
    const again = await TestUser.logIn(urlOf(2), "alice");
    expect(textsOf(await again.history(urlOf(1), room))).toEqual(["before the restart"]);
    expect(textsOf(await alice.history(urlOf(4), room))).toEqual(["before the restart"]);

    const killed = pidOf(4);
    process.kill(killed, "SIGSEGV");
    await until("box4 runs again", () => existsSync(pidFile(4)) && pidOf(4) !== killed);
    await until("box4 answers", async () => {
      const path = "/_matrix/client/versions";
      return call("GET", urlOf(4) + path).then(
        ({ status }) => status === 200,
        () => false,
      );
    });
  });

  it("takes its boxes with it when it dies itself, and the next start goes on all the same", async () => {
    const pids = [1, 2, 3, 4].map(pidOf);
    process.kill(Number(readFileSync(join(home, "start.pid"), "utf8")), "SIGKILL");
    await until("the boxes have stopped", () => !pids.some(isRunning));
    await running?.code();
    const npm = new Npm();
    running = npm;
    await npm.ready();
    expect(textsOf(await alice.history(urlOf(3), room))).toEqual(["before the restart"]);
    const again = [1, 2, 3].map(pidOf);
    expect(await npm.terminate()).toBe(0);
    expect(again.filter(isRunning)).toEqual([]);
  });

  it("says which port is taken, and leaves nothing behind", async () => {
    const taken = createServer().listen(port, "127.0.0.1");
    await once(taken, "listening");
    const other = join(home, "other");
    const npm = new Npm("--home", other, "--boxes", "1");
    expect(await npm.code()).toBe(1);
    expect(npm.output).toMatch(new RegExp(`EADDRINUSE.*127.0.0.1:${port}`));
    expect(existsSync(join(other, "box1", "meshd.pid"))).toBe(false);
    taken.close();
  });

  it.each([
    [["--boxes", "8"], /whole number from 1 to 7/],
    [["--boxes", "0"], /whole number from 1 to 7/],
    [["--port", "65530"], /whole number from 1 to/],
    [["--server-name", "no spaces"], /server-name/],
    [["--bones", "3"], /unknown option '--bones'/],
  ])("refuses %j", async (options, why) => {
    const start = new Program("start", ["--home", home, ...options]);
    expect((await start.ended()).code).toBe(1);
    expect(start.stderr).toMatch(why);
  });
});

const pidFile = (box: number): string => join(home, `box${box}`, "meshd.pid");

/** A port whose boxes' ports are all free. */
async function freeRange(): Promise<number> {
  for (;;) {
    const first = await freePort();
    const wanted = Array.from({ length: BOXES }, (_, i) => first + PORT_STEP * i);
    const ports = wanted.flatMap((client) => [client, client + 1]);
    const free = await Promise.all(ports.map(isFree));
    if (!free.includes(false)) return first;
  }
}
