import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "../core/ports.ts";
import {
  CONNECTIONS_MAX,
  DRAIN_MS,
  HEADERS_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  KEEP_ALIVE_MS,
  REQUEST_TIMEOUT_MS,
  SILENCE_TIMEOUT_MS,
} from "./constants.ts";
import type { Api } from "./server.ts";

export interface HttpServer {
  readonly port: number;
  /** Stops listening, ends long polls, lets running requests finish, closes every connection. */
  stop(): Promise<void>;
}

/** Serves an API on an address. Port 0 takes a free one. Connections that cannot be taken are logged. */
export async function serve(
  api: Api,
  address: { readonly host: string; readonly port: number },
  logger: Logger,
): Promise<HttpServer> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      noDelay: true,
    },
    api.callback(),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.timeout = SILENCE_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, resolve);
  });
  // Where nobody listens, an error of one connection, like too many open files, would end the process.
  server.on("error", (err) => logger.warn({ err }, "a connection was not taken"));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
        server.close(() => {
          clearTimeout(deadline);
          resolve();
        });
        api.stop();
        server.closeIdleConnections();
      }),
  };
}
