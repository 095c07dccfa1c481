import type { Socket } from "node:net";
import { createConnection } from "node:net";
import { isObject } from "../../core/json.ts";
import { homePaths } from "../home/paths.ts";
import { RESPONSE_BYTES_MAX, RESPONSE_WAIT_MS, VERIFY_WAIT_MS } from "./constants.ts";
import type { ControlErrorCode } from "./error.ts";
import { ControlError } from "./error.ts";
import { readLine } from "./line.ts";
import type { Params, Result, Verb } from "./protocol.ts";

/** Asks the meshd that runs on a home. Throws `ControlError`, `not_running` when there is none. */
export async function callMeshd<V extends Verb>(
  home: string,
  verb: V,
  params: Params<V>,
): Promise<Result<V>> {
  const socket = await connect(home);
  try {
    socket.write(JSON.stringify({ verb, params }) + "\n");
    const waitMs = verb === "verify" ? VERIFY_WAIT_MS : RESPONSE_WAIT_MS;
    const line = await readLine(socket, RESPONSE_BYTES_MAX, waitMs);
    if (line === undefined) {
      throw new ControlError("no_answer", `meshd on ${home} closed the connection`);
    }
    return parseResponse<V>(line);
  } catch (error) {
    if (error instanceof ControlError) throw error;
    const message = `meshd on ${home} did not answer: ${(error as Error).message}`;
    throw new ControlError("no_answer", message, error);
  } finally {
    socket.destroy();
  }
}

function connect(home: string): Promise<Socket> {
  const path = homePaths(home).socket;
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const stopped = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      const message = stopped
        ? `meshd does not run on ${home}; start it with: meshd --home ${home}`
        : `cannot reach meshd on ${home}: ${error.message}`;
      reject(new ControlError(stopped ? "not_running" : "no_answer", message, error));
    });
  });
}

function parseResponse<V extends Verb>(line: string): Result<V> {
  const response: unknown = JSON.parse(line);
  if (isObject(response) && response["ok"] === true) {
    // meshd of this release made it; the socket is open to nobody else.
    return response["result"] as unknown as Result<V>;
  }
  const error = isObject(response) ? response["error"] : undefined;
  if (!isObject(error))
    throw new ControlError("no_answer", "meshd sent no answer that makes sense");
  const { code, message } = error;
  throw new ControlError(
    code as ControlErrorCode,
    typeof message === "string" ? message : "failed",
  );
}
