import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { whyNoTrace } from "../crash/sweep.ts";
import { whyNoCards } from "../e2e/support/small-disk.ts";
import type { Ability } from "./faults/fault.ts";

const run = promisify(execFile);

/** Set in the process that runs inside of the namespaces. */
const MARK = "HEARTH_CHAOS_INSIDE";
/** All that is made in here is gone when the run ends, however it ends: networks, mounts, processes. */
const NAMESPACES = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
/** Debian's packages, by the program or library that is needed from each. */
const PACKAGES = { unshare: "util-linux", ip: "iproute2", socat: "socat" } as const;
const CLOCK_PACKAGE = "libfaketime";
const TRACER = "strace";
const APT_OPTIONS = ["-y", "-qq", "--no-install-recommends"];

/** What this machine lets a run do. */
export interface Sandbox {
  /** Each box can have a network of its own, and file systems can be mounted. */
  readonly isInside: boolean;
  /** libfaketime; undefined where it is not installed. */
  readonly fakeClock: string | undefined;
  readonly abilities: ReadonlySet<Ability>;
  /** What is left out, and why, for people. */
  readonly missing: readonly string[];
}

/**
 * Runs this program again inside of namespaces of its own where the machine allows it, and returns its
 * exit code; or tells what there is to work with.
 */
export async function enterSandbox(): Promise<Sandbox | number> {
  const isInside = process.env[MARK] !== undefined;
  const abilities = new Set<Ability>();
  const missing: string[] = [];
  const have = (ability: Ability, what: string, whyNot: string | undefined): void => {
    if (whyNot === undefined) abilities.add(ability);
    else missing.push(`${what}: ${whyNot}`);
  };
  if (!isInside) {
    const reason = await whyNotInside();
    if (reason === undefined) return runInside();
    missing.push(`network namespaces and disks of their own: ${reason}`);
  } else {
    execFileSync("ip", ["link", "set", "lo", "up"]);
    abilities.add("packets").add("small disk");
    have("card", "worn cards", whyNoCards(tmpdir()));
    have("slow disk", "slow disks", whyNoTrace());
  }
  const fakeClock = findFakeClock();
  have("clock", "wrong clocks", fakeClock === undefined ? `no ${CLOCK_PACKAGE}` : undefined);
  return { isInside, fakeClock, abilities, missing };
}

async function whyNotInside(): Promise<string | undefined> {
  if (process.platform !== "linux") return `there are none on ${process.platform}`;
  await installMissing();
  const absent = Object.keys(PACKAGES).filter((program) => !isInstalled(program));
  if (absent.length > 0) return `no ${absent.join(", ")}`;
  // TUN devices are how the packets get to the switch.
  const probe = "ip tuntap add hearth0 mode tun";
  try {
    await run("unshare", [...asRoot(), ...NAMESPACES, "sh", "-c", probe]);
    return undefined;
  } catch (error) {
    return String(error).split("\n").filter(Boolean).at(-1) ?? "refused";
  }
}

/** As root on Debian what is needed is fetched; nothing else is changed. */
async function installMissing(): Promise<void> {
  const absent = Object.entries(PACKAGES)
    .filter(([program]) => !isInstalled(program))
    .map(([, name]) => name as string);
  if (findFakeClock() === undefined) absent.push(CLOCK_PACKAGE);
  if (!isInstalled(TRACER)) absent.push(TRACER);
  if (absent.length === 0 || process.getuid?.() !== 0 || !isInstalled("apt-get")) return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = (): Promise<unknown> =>
    run("apt-get", ["install", ...APT_OPTIONS, ...absent], { env });
  try {
    await install();
  } catch {
    // A machine that was just made has no list of packages yet; without one, less is tried.
    await run("apt-get", ["update", "-qq"], { env })
      .then(install)
      .catch(() => undefined);
  }
}

function runInside(): Promise<number> {
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin`, [MARK]: "1" };
  const words = [...asRoot(), ...NAMESPACES, process.execPath, ...process.argv.slice(1)];
  const child = spawn("unshare", words, { stdio: "inherit", env });
  // Nothing survives that, and the first process of a namespace would not hear a signal.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => child.kill("SIGKILL"));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** Who is not root is root inside. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

function findFakeClock(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const folders = readdirSync("/usr/lib").map((name) => join("/usr/lib", name, "faketime"));
  return [...folders, "/usr/local/lib/faketime"]
    .map((folder) => join(folder, "libfaketime.so.1"))
    .find((file) => existsSync(file));
}
