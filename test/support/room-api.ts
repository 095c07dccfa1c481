import { clientEndpoints } from "../../api/client/index.ts";
import type { RoomId, UserId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Services } from "../../core/services.ts";
import { oneBox, TEST_SERVER } from "./one-box.ts";
import type { TestBoxOptions } from "./one-box.ts";
import { testApi } from "./test-api.ts";
import type { TestAnswer } from "./test-api.ts";

const PREFIX = "/_matrix/client/v3";

/** A whole box with accounts, and short ways to say what its users do. */
export interface RoomApi extends AsyncDisposable {
  readonly services: Services;
  /** A request; paths without `/_matrix` are below `/_matrix/client/v3`. */
  call(as: string, method: string, path: string, json?: unknown): Promise<TestAnswer>;
  createRoom(as: string, body?: JsonObject): Promise<RoomId>;
  state(as: string, room: RoomId, type: string, stateKey?: string): Promise<TestAnswer>;
}

export const userOf = (name: string): UserId => `@${name}:${TEST_SERVER}` as UserId;

export async function roomApi(
  users: readonly string[],
  options: TestBoxOptions = {},
): Promise<RoomApi> {
  const box = await oneBox(options);
  const api = await testApi({ services: box.services, endpoints: clientEndpoints });
  await box.services.runner.run((draft) => {
    for (const name of users) {
      draft.setField(`user:${userOf(name)}`, "account", "created", { time: 1 });
    }
  }, undefined);
  const call: RoomApi["call"] = (as, method, path, json) =>
    api.request(method, path.startsWith("/_matrix") ? path : PREFIX + path, {
      as,
      ...(json === undefined ? {} : { json }),
    });
  return {
    services: box.services,
    call,
    async createRoom(as, body = {}) {
      const { status, json, text } = await call(as, "POST", "/createRoom", body);
      if (status !== 200) throw new Error(text);
      return json["room_id"] as RoomId;
    },
    state: (as, room, type, stateKey = "") =>
      call(as, "GET", `/rooms/${room}/state/${type}/${encodeURIComponent(stateKey)}`),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await box.stop();
    },
  };
}
