import { pause } from "./box-process.ts";

export interface HttpReply {
  readonly status: number;
  readonly body: JsonBody;
}

/** A reply as a test reads it: any member may be asked for, and what is not there is undefined. */
export interface JsonBody {
  readonly [key: string]: JsonBody & string & number & readonly (JsonBody & string)[];
}

/** How long a client waits for one box before it tries the next, milliseconds. */
const PATIENCE_MS = 4000;
const RETRY_PAUSE_MS = 50;

export async function call(
  method: string,
  url: string,
  options: { readonly token?: string; readonly body?: unknown; readonly waitMs?: number } = {},
): Promise<HttpReply> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (options.token !== undefined) headers["authorization"] = `Bearer ${options.token}`;
  const response = await fetch(url, {
    method,
    headers,
    signal: AbortSignal.timeout(options.waitMs ?? 40_000),
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  return { status: response.status, body: (await response.json()) as JsonBody };
}

const CLIENT = "/_matrix/client/v3";

/** A session as the server answered it. */
export interface SavedUser {
  readonly user_id: string;
  readonly access_token: string;
  readonly device_id: string;
}

/** One session of one person, who may speak to any box. */
export class TestUser {
  readonly id: string;
  readonly token: string;
  readonly device: string;

  constructor(login: JsonBody | SavedUser) {
    this.id = String(login["user_id"]);
    this.token = String(login["access_token"]);
    this.device = String(login["device_id"]);
  }

  save(): SavedUser {
    return { user_id: this.id, access_token: this.token, device_id: this.device };
  }

  static async register(url: string, name: string): Promise<TestUser> {
    const form = { username: name, password: `${name}-password`, auth: { type: "m.login.dummy" } };
    const { status, body } = await call("POST", `${url}${CLIENT}/register`, { body: form });
    if (status !== 200) throw new Error(`${name} was not registered: ${JSON.stringify(body)}`);
    return new TestUser(body);
  }

  static async logIn(url: string, name: string): Promise<TestUser> {
    const identifier = { type: "m.id.user", user: name };
    const form = { type: "m.login.password", identifier, password: `${name}-password` };
    const { status, body } = await call("POST", `${url}${CLIENT}/login`, { body: form });
    if (status !== 200) throw new Error(`${name} did not log in: ${JSON.stringify(body)}`);
    return new TestUser(body);
  }

  request(method: string, url: string, path: string, body?: unknown): Promise<HttpReply> {
    const options = { token: this.token, ...(body === undefined ? {} : { body }) };
    return call(method, `${url}${CLIENT}${path}`, options);
  }

  /** As `request`, for what must succeed. */
  async ask(method: string, url: string, path: string, body?: unknown): Promise<JsonBody> {
    const reply = await this.request(method, url, path, body);
    if (reply.status === 200) return reply.body;
    throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  }

  async createRoom(url: string, options: object = {}): Promise<string> {
    return String((await this.ask("POST", url, "/createRoom", options))["room_id"]);
  }

  async say(url: string, room: string, text: string): Promise<string> {
    return this.sayAnywhere([url], room, text);
  }

  /** Sends with one txnId, again and again over the boxes, until one of them has taken it. */
  async sayAnywhere(urls: readonly string[], room: string, text: string): Promise<string> {
    const txn = encodeURIComponent(text);
    const path = `${CLIENT}/rooms/${encodeURIComponent(room)}/send/m.room.message/${txn}`;
    for (let attempt = 0; ; attempt++) {
      const url = urls[attempt % urls.length];
      try {
        const { status, body } = await call("PUT", `${url}${path}`, {
          token: this.token,
          body: { msgtype: "m.text", body: text },
          waitMs: PATIENCE_MS,
        });
        if (status === 200) return String(body["event_id"]);
        if (status < 500) throw new TypeError(`${status} ${JSON.stringify(body)}`);
      } catch (error) {
        if (error instanceof TypeError && !("cause" in error)) throw error;
      }
      if (attempt > 400) throw new Error(`nobody took "${text}"`);
      await pause(RETRY_PAUSE_MS);
    }
  }

  async setState(
    url: string,
    room: string,
    type: string,
    stateKey: string,
    content: object,
  ): Promise<string> {
    const path = `/rooms/${encodeURIComponent(room)}/state/${type}/${encodeURIComponent(stateKey)}`;
    return String((await this.ask("PUT", url, path, content))["event_id"]);
  }

  /** The whole current state as `type|key → event ID`. */
  async state(url: string, room: string): Promise<Map<string, string>> {
    const path = `/rooms/${encodeURIComponent(room)}/state`;
    const events = (await this.ask("GET", url, path)) as unknown as JsonBody[];
    return new Map(
      events.map((e) => [`${e["type"]}|${e["state_key"]}`, String(e["event_id"])] as const),
    );
  }

  /** Every visible event of a room, oldest first, paged backwards from the end. */
  async history(url: string, room: string): Promise<JsonBody[]> {
    const found: JsonBody[] = [];
    let from = "";
    for (;;) {
      const page = `dir=b&limit=100${from === "" ? "" : `&from=${encodeURIComponent(from)}`}`;
      const path = `/rooms/${encodeURIComponent(room)}/messages?${page}`;
      const { chunk, end } = await this.ask("GET", url, path);
      found.push(...(chunk as unknown as JsonBody[]));
      if (end === undefined || (chunk as unknown as JsonBody[]).length === 0) break;
      from = String(end);
    }
    return found.toReversed();
  }

  async sync(url: string, since?: string, timeoutMs = 0, filter?: object): Promise<JsonBody> {
    const query = new URLSearchParams({ timeout: String(timeoutMs) });
    if (since !== undefined) query.set("since", since);
    if (filter) query.set("filter", JSON.stringify(filter));
    return this.ask("GET", url, `/sync?${query}`);
  }
}

/** Texts of the messages among events. */
export function textsOf(events: readonly JsonBody[]): string[] {
  return events
    .filter((e) => e["type"] === "m.room.message")
    .map((e) => String(e["content"]?.["body"]));
}

/** Events of one room in a sync reply. */
export function timelineOf(sync: JsonBody, room: string): JsonBody[] {
  const joined = sync["rooms"]?.["join"]?.[room];
  return (joined?.["timeline"]?.["events"] ?? []) as unknown as JsonBody[];
}
