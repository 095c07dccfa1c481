import { execFile, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { promisify } from "node:util";
import { until } from "../../e2e/support/box-process.ts";
import { CLIENTS } from "./wire.ts";
import type { Host, Wire } from "./wire.ts";

const run = promisify(execFile);

/** Nothing has to be free in the machine's own networks: all of it is in a namespace of this run. */
const SUBNET = "10.77.0";
/** Bytes of one packet at most; larger than any that a host of this wire sends. */
const PACKET_BYTES_MAX = 65_536;

export function addressOf(host: Host): string {
  return `${SUBNET}.${host}`;
}

/** Gives each box a network namespace of its own, with one cable to the switch; the clients' is this one. */
export class Namespaces {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** The words that enter the namespace of a box. */
  async box(host: Host): Promise<readonly string[]> {
    const holder = spawn("unshare", ["--net", "sleep", "infinity"], { stdio: "ignore" });
    const { pid } = holder;
    if (pid === undefined) throw new Error("no network namespace could be made");
    const own = readlinkSync("/proc/self/ns/net");
    await until("the namespace is there", () => readlinkSync(`/proc/${pid}/ns/net`) !== own);
    const enter = ["nsenter", "--net", "--target", String(pid), "--"];
    const device = await this.#plug(host);
    await run("ip", ["link", "set", device, "netns", String(pid)]);
    await runIn(enter, "ip", "link", "set", "lo", "up");
    await configure(enter, device, host);
    return enter;
  }

  async clients(): Promise<void> {
    await configure([], await this.#plug(CLIENTS), CLIENTS);
  }

  async #plug(host: Host): Promise<string> {
    const { from, to } = await this.#wire.plug(host);
    const device = `hearth${host}`;
    const cable = spawn(
      "socat",
      [
        "-b",
        String(PACKET_BYTES_MAX),
        `TUN,tun-name=${device},tun-type=tun,iff-no-pi`,
        `UDP4:127.0.0.1:${to},sourceport=${from}`,
      ],
      { stdio: "ignore" },
    );
    await until(`${device} is there`, () => {
      if (cable.exitCode !== null) throw new Error(`socat made no ${device}`);
      return run("ip", ["link", "show", device]).then(
        () => true,
        () => false,
      );
    });
    return device;
  }
}

async function configure(enter: readonly string[], device: string, host: Host): Promise<void> {
  await runIn(enter, "ip", "addr", "add", `${addressOf(host)}/24`, "dev", device);
  await runIn(enter, "ip", "link", "set", device, "up");
}

async function runIn(enter: readonly string[], ...command: string[]): Promise<void> {
  const [program = "", ...words] = [...enter, ...command];
  await run(program, words);
}
