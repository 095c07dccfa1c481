import { once } from "node:events";
import { rmSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { MatrixError } from "../../core/errors.ts";
import { isObject } from "../../core/json.ts";
import type { Logger } from "../../core/ports.ts";
import { CONNECTIONS_MAX, REQUEST_BYTES_MAX, REQUEST_WAIT_MS } from "./constants.ts";
import { SOCKET_PATH_BYTES_MAX } from "./constants.ts";
import { ControlError } from "./error.ts";
import { readLine } from "./line.ts";
import { isVerb, PARAMS_PARSERS } from "./params.ts";
import type { ControlHandlers, Params, Result, Verb } from "./protocol.ts";

export interface ControlServer {
  stop(): Promise<void>;
}

/**
 * Serves the handlers on a unix socket of mode 0600. The caller holds the lock of the home, so a
 * socket file that is there already was left by a crash and is replaced.
 */
export async function serveControl(
  socketPath: string,
  handlers: ControlHandlers,
  log: Logger,
): Promise<ControlServer> {
  rmSync(socketPath, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    void answer(socket, handlers, log);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, socketPath);
  server.on("error", (err) => log.warn({ err }, "a control connection was not taken"));
  return {
    stop: () =>
      new Promise((resolve) => {
        // Closing removes the socket file as well, and does not mind where the disk refuses.
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function listen(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    const limit = `longer than the ${SOCKET_PATH_BYTES_MAX} bytes that a unix socket may have`;
    throw new ControlError("failed", `${path} is ${limit}; use a shorter home`);
  }
  const listening = once(server, "listening");
  // The socket file appears inside listen(), so nobody else can connect even for a moment.
  const before = process.umask(0o177);
  try {
    server.listen({ path });
  } finally {
    process.umask(before);
  }
  await listening;
}

async function answer(socket: Socket, handlers: ControlHandlers, log: Logger): Promise<void> {
  try {
    const line = await readLine(socket, REQUEST_BYTES_MAX, REQUEST_WAIT_MS);
    if (line === undefined) return void socket.destroy();
    socket.end(JSON.stringify(await reply(line, handlers, log)) + "\n");
  } catch (error) {
    log.warn({ err: error }, "control connection failed");
    socket.destroy();
  }
}

async function reply(line: string, handlers: ControlHandlers, log: Logger): Promise<unknown> {
  try {
    return { ok: true, result: await dispatch(line, handlers) };
  } catch (error) {
    if (error instanceof ControlError) {
      return { ok: false, error: { code: error.code, message: error.message } };
    }
    if (error instanceof MatrixError) {
      const code = error.status === 503 ? "unavailable" : "failed";
      return { ok: false, error: { code, message: error.message } };
    }
    log.error({ err: error }, "control request failed");
    const message = "meshd failed on this request; its log says why";
    return { ok: false, error: { code: "failed", message } };
  }
}

function dispatch(line: string, handlers: ControlHandlers): Promise<Result<Verb>> {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch (error) {
    throw new ControlError("bad_params", "the request is no JSON", error);
  }
  if (!isObject(request)) throw new ControlError("bad_params", "the request is no object");
  const { verb, params } = request;
  if (!isVerb(verb)) throw new ControlError("unknown_verb", `unknown verb ${JSON.stringify(verb)}`);
  return run(verb, handlers, isObject(params) ? params : {});
}

function run<V extends Verb>(
  verb: V,
  handlers: ControlHandlers,
  params: Parameters<(typeof PARAMS_PARSERS)[V]>[0],
): Promise<Result<V>> {
  const parsed: Params<V> = PARAMS_PARSERS[verb](params);
  return handlers[verb](parsed);
}
