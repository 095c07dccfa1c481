import { Agent, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One connection that stays open, as a client's does; `fetch` costs three times the processor time. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #base: URL;
  readonly #token: string | undefined;

  /** Without a token: a client that has not logged in. */
  constructor(url: string, token?: string) {
    this.#base = new URL(url);
    this.#token = token;
  }

  /** Rejects when the connection breaks. */
  call(method: string, path: string, body?: object): Promise<Answer> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string | number> = {};
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
    if (bytes) {
      headers["content-type"] = "application/json";
      headers["content-length"] = bytes.length;
    }
    const { hostname, port } = this.#base;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { agent: this.#agent, host: hostname, port, method, path, headers },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.once("error", reject);
          incoming.once("end", () => {
            const text = Buffer.concat(chunks).toString();
            resolve({ status: incoming.statusCode ?? 0, text });
          });
        },
      );
      outgoing.once("error", reject);
      outgoing.end(bytes);
    });
  }

  /** As `call`, for what must succeed. */
  async ask(method: string, path: string, body?: object): Promise<string> {
    const { status, text } = await this.call(method, path, body);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text;
  }

  close(): void {
    this.#agent.destroy();
  }
}
