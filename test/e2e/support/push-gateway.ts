import { EventEmitter } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { untilTrue } from "./wait.ts";

/** A push gateway on loopback that notes what it is told. */
export class PushGateway {
  /** The events it was told of, in this order. */
  readonly told: string[] = [];
  /** Answers 503 while it is set. */
  isDown = false;
  /** How long it takes to answer, milliseconds. */
  answerMs = 0;
  readonly #heard = new EventEmitter();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<PushGateway> {
    const server = createServer();
    const gateway = new PushGateway(server);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (gateway.isDown) return void response.writeHead(503).end();
        gateway.#take(Buffer.concat(chunks).toString());
        const answer = (): void => {
          response.writeHead(200, { "content-type": "application/json" }).end('{"rejected":[]}');
        };
        setTimeout(answer, gateway.answerMs);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return gateway;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/_matrix/push/v1/notify`;
  }

  /** How often it was told of each of these events. */
  counts(events: readonly string[]): number[] {
    return events.map((event) => this.told.filter((one) => one === event).length);
  }

  untilTold(events: readonly string[], timeoutMs?: number): Promise<void> {
    const what = `the gateway knows of ${events.length} events`;
    const isTold = (): boolean => this.counts(events).every((count) => count > 0);
    return untilTrue(this.#heard, ["told"], what, isTold, timeoutMs);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(text: string): void {
    const { notification } = JSON.parse(text) as { notification: { event_id?: string } };
    const { event_id: event } = notification;
    if (event === undefined) return;
    this.told.push(event);
    this.#heard.emit("told");
  }
}
