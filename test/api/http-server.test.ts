import { once } from "node:events";
import { connect, Server } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { publicEndpoint } from "../../api/endpoint.ts";
import { serve } from "../../api/http-server.ts";
import type { HttpServer } from "../../api/http-server.ts";
import { createApi } from "../../api/server.ts";
import { MatrixError } from "../../core/errors.ts";
import type { Logger } from "../../core/ports.ts";
import { silentLogger } from "../mesh/media/silent-logger.ts";
import { fakeServices } from "../support/fake-services.ts";

/** A server whose one request, `GET /wait`, ends when its signal aborts. */
async function waitingServer(
  logger = silentLogger,
): Promise<{ server: HttpServer; entered: Promise<void> }> {
  const { promise: entered, resolve } = Promise.withResolvers<void>();
  const wait = publicEndpoint({
    operationId: "wait",
    method: "GET",
    path: "/wait",
    rateLimit: "none",
    handle: async ({ signal }) => {
      resolve();
      if (!signal.aborted) await once(signal, "abort");
      return { json: { ended: true } };
    },
  });
  const authenticate = (): never => {
    throw new MatrixError(401, "M_UNKNOWN_TOKEN", "nobody has a token");
  };
  const api = createApi({ services: fakeServices(), endpoints: [wait], authenticate });
  return { server: await serve(api, { host: "127.0.0.1", port: 0 }, logger), entered };
}

describe("serve", () => {
  it("goes on where the system hands over no connection, as with too many open files", async () => {
    const listen = vi.spyOn(Server.prototype, "listen");
    onTestFinished(() => listen.mockRestore());
    const logged: string[] = [];
    const warn = (_fields: unknown, message: string): void => void logged.push(message);
    const { server } = await waitingServer({ ...silentLogger, warn } as Logger);
    const [socket] = listen.mock.contexts as Server[];
    for (let i = 0; i < 2; i++) socket?.emit("error", new Error("accept EMFILE"));
    expect(logged).toEqual(["a connection was not taken", "a connection was not taken"]);
    await server.stop();
  });

  it("keeps a connection open between requests", async () => {
    const { server } = await waitingServer();
    const socket = connect(server.port, "127.0.0.1");
    for (let i = 0; i < 2; i++) {
      socket.write("GET /nope HTTP/1.1\r\nhost: x\r\n\r\n");
      const [data] = (await once(socket, "data")) as [Buffer];
      expect(data.toString()).toContain("HTTP/1.1 404");
    }
    await server.stop();
  });

  it("stops at once: long polls are answered, idle connections closed", async () => {
    const { server, entered } = await waitingServer();
    const idle = connect(server.port, "127.0.0.1");
    await once(idle, "connect");
    idle.write("GET /nope HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(idle, "data");
    const idleClosed = once(idle, "close");
    const poll = fetch(`http://127.0.0.1:${server.port}/wait`);
    await entered;
    await server.stop();
    const answer = await poll;
    expect(answer.headers.get("connection")).toBe("close");
    expect(await answer.json()).toEqual({ ended: true });
    await idleClosed;
  });

  it("does not listen any more once it stopped", async () => {
    const { server } = await waitingServer();
    await server.stop();
    await expect(fetch(`http://127.0.0.1:${server.port}/nope`)).rejects.toThrow("fetch failed");
  });

  it("tells when the port is taken", async () => {
    const { server } = await waitingServer();
    const api = createApi({
      services: fakeServices(),
      endpoints: [],
      authenticate: () => {
        throw new Error("unused");
      },
    });
    const address = { host: "127.0.0.1", port: server.port };
    await expect(serve(api, address, silentLogger)).rejects.toMatchObject({ code: "EADDRINUSE" });
    await server.stop();
  });
});
