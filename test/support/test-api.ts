import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { createApi } from "../../api/server.ts";
import type { ApiOptions } from "../../api/server.ts";
import { MatrixError } from "../../core/errors.ts";
import { parseUserId } from "../../core/ids.ts";
import type { DeviceId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Requester } from "../../core/services.ts";
import { conformanceObserver } from "./conformance.ts";
import { fakeServices } from "./fake-services.ts";

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: JsonObject;
  readonly text: string;
}

export interface TestApi extends AsyncDisposable {
  readonly url: string;
  /** Sends a request; `as` is the localpart of the user, `json` the body. */
  request(
    method: string,
    path: string,
    options?: {
      as?: string;
      json?: unknown;
      body?: NonNullable<RequestInit["body"]>;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    },
  ): Promise<TestAnswer>;
  stop(): void;
}

/** Tokens of tests: `@user:server DEVICE`. */
function authenticateFake(token: string): Requester {
  const [user, device = "DEVICE"] = token.split("|");
  const parsed = parseUserId(user);
  if (parsed === undefined) throw new MatrixError(401, "M_UNKNOWN_TOKEN", "this is no token");
  return { user: parsed, device: device as DeviceId, tokenId: "token", deviceCreated: 0 };
}

/** An API on a free port of loopback; on disposal its answers must all have been conformant. */
export async function testApi(options: Partial<ApiOptions> = {}): Promise<TestApi> {
  const { observe, faults } = conformanceObserver();
  const services = options.services ?? fakeServices();
  const api = createApi({
    services,
    endpoints: [],
    authenticate: authenticateFake,
    observe,
    ...options,
  });
  const server = createServer(api.callback());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stop: () => api.stop(),
    async request(method, path, { as, json, body, headers, signal } = {}) {
      const token =
        as === undefined ? {} : { authorization: `Bearer @${as}:${services.serverName}` };
      const sent = json === undefined ? body : JSON.stringify(json);
      const response = await fetch(url + path, {
        method,
        headers: { ...token, ...headers },
        ...(sent === undefined ? {} : { body: sent, duplex: "half" }),
        ...(signal === undefined ? {} : { signal }),
      } as RequestInit);
      const text = await response.text();
      const isJson = response.headers.get("content-type") === "application/json";
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson ? (JSON.parse(text) as JsonObject) : {},
      };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      expect(faults).toEqual([]);
    },
  };
}
