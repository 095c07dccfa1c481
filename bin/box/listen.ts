import type { HttpServer } from "../../api/http-server.ts";
import { serve } from "../../api/http-server.ts";
import type { Logger } from "../../core/ports.ts";
import type { Api } from "../../api/server.ts";
import type { Config } from "../config/schema.ts";
import { bareHost } from "./addresses.ts";

/** Opens every socket for clients; none more once the box is told to stop. */
export async function listen(
  config: Config,
  api: Api,
  logger: Logger,
  stopping: AbortSignal,
): Promise<HttpServer[]> {
  const { host, port, extra } = config.client.listen;
  const sockets = [{ host: bareHost(host), port }, ...extra.map(socketOf)];
  const servers: HttpServer[] = [];
  for (const socket of sockets) {
    // Told to stop while it started: the caller stops at once what there is.
    if (stopping.aborted) break;
    servers.push(await serve(api, socket, logger));
  }
  return servers;
}

function socketOf(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(":");
  return { host: bareHost(text.slice(0, at)), port: Number(text.slice(at + 1)) };
}
