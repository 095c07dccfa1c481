import { describe, expect, it } from "vitest";
import { publicEndpoint } from "../../api/endpoint.ts";
import type { Endpoint, Method } from "../../api/endpoint.ts";
import { Router } from "../../api/router.ts";

function endpoint(operationId: string, method: Method, path: string, aliases?: string[]): Endpoint {
  return publicEndpoint({
    operationId,
    method,
    path,
    rateLimit: "none",
    ...(aliases === undefined ? {} : { aliases }),
    handle: async () => ({ json: {} }),
  });
}

const STATE = "/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}";
const NO_KEY = "/_matrix/client/v3/rooms/{roomId}/state/{eventType}";
const router = new Router([
  endpoint("getRoomState", "GET", "/_matrix/client/v3/rooms/{roomId}/state"),
  endpoint("getRoomStateWithKey", "GET", STATE, [NO_KEY, `${NO_KEY}/`]),
  endpoint("setRoomStateWithKey", "PUT", STATE, [NO_KEY, `${NO_KEY}/`]),
  endpoint("getOneEvent", "GET", "/_matrix/client/v3/events/{eventId}"),
  endpoint("special", "PUT", "/_matrix/client/v3/events/special"),
  endpoint("getPushRules", "GET", "/_matrix/client/v3/pushrules/"),
  endpoint("getConfig", "GET", "/_matrix/media/v3/config"),
]);

function found(method: string, path: string): [operation: string, values: readonly string[]] {
  const match = router.match(method, path);
  return match.kind === "found"
    ? [match.route.endpoint.operationId, match.values]
    : [match.kind, match.kind === "wrong-method" ? match.allowed : []];
}

describe("Router", () => {
  it("gives parameters as they stand in the URL", () => {
    expect(found("GET", "/_matrix/client/v3/rooms/!a%2Fb/state/m.x/k")).toEqual([
      "getRoomStateWithKey",
      ["!a%2Fb", "m.x", "k"],
    ]);
  });

  it("takes a state key that is empty, with and without the slash", () => {
    expect(found("GET", "/_matrix/client/v3/rooms/!a/state/m.x")[0]).toBe("getRoomStateWithKey");
    expect(found("PUT", "/_matrix/client/v3/rooms/!a/state/m.x/")[0]).toBe("setRoomStateWithKey");
  });

  it.each([
    ["a different case", "/_matrix/client/v3/rooms/!a/STATE"],
    ["a trailing slash", "/_matrix/client/v3/rooms/!a/state/"],
    ["a missing trailing slash", "/_matrix/client/v3/pushrules"],
    ["an empty parameter", "/_matrix/client/v3/rooms//state"],
    ["too many segments", "/_matrix/client/v3/rooms/!a/state/b/c/d"],
    ["the root", "/"],
    ["an absolute form", "http://hearth.test/_matrix/client/v3/pushrules/"],
  ])("does not know a path with %s", (_why, path) => {
    expect(found("GET", path)).toEqual(["unknown-path", []]);
  });

  it("tells a wrong method from an unknown path, and which methods there are", () => {
    expect(found("DELETE", "/_matrix/client/v3/rooms/!a/state/m.x/k")).toEqual([
      "wrong-method",
      ["GET", "PUT"],
    ]);
  });

  it("goes back to a parameter when the literal has no such method", () => {
    expect(found("GET", "/_matrix/client/v3/events/special")).toEqual(["getOneEvent", ["special"]]);
    expect(found("PUT", "/_matrix/client/v3/events/special")).toEqual(["special", []]);
  });

  it("serves the r0 forms of v3 paths", () => {
    expect(found("GET", "/_matrix/client/r0/events/$e")[0]).toBe("getOneEvent");
    expect(found("GET", "/_matrix/media/r0/config")[0]).toBe("getConfig");
  });

  it("refuses two endpoints on one path", () => {
    const twice = [endpoint("a", "GET", "/x/{y}"), endpoint("b", "GET", "/x/{z}")];
    expect(() => new Router(twice)).toThrow("both a and b");
  });
});
