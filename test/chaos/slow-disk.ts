import { spawn } from "node:child_process";
import { once } from "node:events";
import type { BoxProcess } from "../e2e/support/box-process.ts";

const SYNCS = "fsync,fdatasync";
/** What each sync takes longer: some hundred times what a sync of a good card takes, microseconds. */
const DELAY_US = 500_000;

export interface SlowDisk {
  /** All is as it was. Tells how many syncs took that long. */
  end(): Promise<number>;
}

/** From here on the disk of a box that runs is slow: strace holds each of its syncs up. */
export async function slowDown({ name, pid }: BoxProcess): Promise<SlowDisk> {
  const delay = ["-e", `trace=${SYNCS}`, "-e", `inject=${SYNCS}:delay_enter=${DELAY_US}`];
  const tracer = spawn("strace", ["-f", "-p", String(pid), ...delay], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(tracer, "close");
  let told = "";
  const attached = Promise.withResolvers<void>();
  tracer.stderr.setEncoding("utf8").on("data", (text: string) => {
    told += text;
    if (/attached/.test(told)) attached.resolve();
  });
  await Promise.race([attached.promise, ended]);
  if (tracer.exitCode !== null) throw new Error(`${name} cannot be traced: ${told}`);
  return {
    end: async () => {
      tracer.kill();
      await ended;
      return told.split("(DELAYED)").length - 1;
    },
  };
}
