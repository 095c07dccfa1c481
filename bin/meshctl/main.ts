import { setTimeout as pause } from "node:timers/promises";
import nacl from "tweetnacl";
import { callMeshd } from "../control/client.ts";
import type { JoinRequest } from "./join-home.ts";
import { errorReport, meshctlProgram } from "./program.ts";
import { VERIFY_EXIT } from "./verify-verb.ts";
import { version } from "../version.ts";

/** libp2p is loaded only by the one verb that needs it: all others answer in an instant. */
async function requestJoin(request: JoinRequest): Promise<Uint8Array> {
  const { requestJoinOverMesh } = await import("./request-join.ts");
  return requestJoinOverMesh(request);
}

const context = {
  call: callMeshd,
  requestJoin,
  random: (length: number) => nacl.randomBytes(length),
  input: process.stdin,
  output: process.stdout,
  version: version(),
  pause: (milliseconds: number) => pause(milliseconds),
  elapsed: () => performance.now(),
  onInterrupt(listener: () => void): () => void {
    process.on("SIGINT", listener);
    return () => void process.off("SIGINT", listener);
  },
  exit: (code: number) => void (process.exitCode = code),
};

const program = meshctlProgram(context, process.env["HEARTH_HOME"]);
try {
  await program.parseAsync();
} catch (error) {
  const report = errorReport(error);
  if (program.opts<{ json: boolean }>().json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stderr.write(`meshctl: ${String(report.error["message"])}\n`);
  process.exitCode = program.args[0] === "verify" ? VERIFY_EXIT.unsure : 1;
}
