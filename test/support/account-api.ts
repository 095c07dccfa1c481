import { clientEndpoints } from "../../api/client/index.ts";
import { useAccessToken } from "../../core/account/refresh.ts";
import type { Services } from "../../core/services.ts";
import type { JsonObject } from "../../core/json.ts";
import { oneBox } from "./one-box.ts";
import type { TestBox, TestBoxOptions } from "./one-box.ts";
import { testApi } from "./test-api.ts";
import type { TestAnswer } from "./test-api.ts";

export interface Session {
  readonly user: string;
  readonly device: string;
  readonly token: string;
}

/** The API of a box with real access tokens. */
export interface AccountApi extends AsyncDisposable {
  readonly services: Services;
  /** A request; paths without `/_matrix` are below `/_matrix/client/v3`. */
  call(
    session: Session | undefined,
    method: string,
    path: string,
    json?: unknown,
  ): Promise<TestAnswer>;
  /** Registers an account with the password `<name>-secret`. */
  register(name: string, body?: JsonObject): Promise<Session>;
  login(name: string, body?: JsonObject): Promise<Session>;
}

export const passwordOf = (name: string): string => `${name}-secret`;

function sessionOf(answer: TestAnswer): Session {
  if (answer.status !== 200) throw new Error(answer.text);
  const { user_id: user, device_id: device, access_token: token } = answer.json;
  return { user: String(user), device: String(device), token: String(token) };
}

export async function accountApiOf(box: TestBox): Promise<AccountApi> {
  const { services } = box;
  const api = await testApi({
    services,
    endpoints: clientEndpoints,
    authenticate: (token) => useAccessToken(services, token),
  });
  const call: AccountApi["call"] = (session, method, path, json) =>
    api.request(method, path.startsWith("/_matrix") ? path : `/_matrix/client/v3${path}`, {
      ...(json === undefined ? {} : { json }),
      ...(session ? { headers: { authorization: `Bearer ${session.token}` } } : {}),
    });
  return {
    services,
    call,
    async register(name, body = {}) {
      const auth = { type: "m.login.dummy" };
      const form = { username: name, password: passwordOf(name), auth, ...body };
      return sessionOf(await call(undefined, "POST", "/register", form));
    },
    async login(name, body = {}) {
      const identifier = { type: "m.id.user", user: name };
      const form = { type: "m.login.password", identifier, password: passwordOf(name), ...body };
      return sessionOf(await call(undefined, "POST", "/login", form));
    },
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await box.stop();
    },
  };
}

/** One whole box with its API. */
export async function accountApi(options: TestBoxOptions = {}): Promise<AccountApi> {
  return accountApiOf(await oneBox(options));
}

/** Interactive authentication with the password, given the 401 that asked for it. */
export function passwordAuth(name: string, asked: TestAnswer): JsonObject {
  return {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: name },
    password: passwordOf(name),
    session: asked.json["session"] ?? "",
  };
}
