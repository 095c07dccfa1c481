import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/**
 * One address for several boxes, as a DNS name with an address for each is: a new connection goes to
 * the box that answered last, or else to the next one that takes it.
 */
export class BoxProxy {
  readonly #server: Server;
  readonly #ports: readonly number[];
  readonly #open = new Set<Socket>();
  #turn = 0;

  private constructor(urls: readonly string[]) {
    this.#ports = urls.map((url) => Number(new URL(url).port));
    this.#server = createServer((client) => this.#accept(client, this.#ports.length));
  }

  static async start(urls: readonly string[]): Promise<BoxProxy> {
    const proxy = new BoxProxy(urls);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** How often it went on to the next box. */
  get changes(): number {
    return this.#turn;
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket, triesLeft: number): void {
    const turn = this.#turn;
    const port = this.#ports[turn % this.#ports.length];
    if (triesLeft === 0 || port === undefined) {
      client.destroy();
      return;
    }
    const box = connect(port, "127.0.0.1");
    const refused = (): void => {
      if (this.#turn === turn) this.#turn++;
      this.#accept(client, triesLeft - 1);
    };
    box.once("error", refused);
    box.once("connect", () => {
      box.off("error", refused);
      this.#join(client, box);
    });
  }

  #join(client: Socket, box: Socket): void {
    for (const [one, other] of [
      [client, box],
      [box, client],
    ] as const) {
      this.#open.add(one);
      // An error is followed by the close, which ends the other half as well.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
