import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { publicEndpoint, userEndpoint } from "../../api/endpoint.ts";
import type { Endpoint, Reply } from "../../api/endpoint.ts";
import { MatrixError } from "../../core/errors.ts";
import { fakeServices } from "../support/fake-services.ts";
import { testApi } from "../support/test-api.ts";

const echo = userEndpoint({
  operationId: "echo",
  method: "PUT",
  path: "/echo/{name}",
  rateLimit: "default",
  handle: async ({ auth, body, params, query }) => ({
    json: { user: auth.user, body, name: params.name, query: query.get("q") },
  }),
});

function get(path: string, handle: Endpoint["handle"]): Endpoint {
  return publicEndpoint({ operationId: "test", method: "GET", path, rateLimit: "none", handle });
}

describe("a request", () => {
  it("reaches its handler with user, decoded parameters, query and body", async () => {
    await using api = await testApi({ endpoints: [echo] });
    const answer = await api.request("PUT", "/echo/a%2Fb%20%C3%A9?q=1", {
      as: "u",
      json: { x: 1 },
    });
    expect(answer.json).toEqual({
      user: "@u:hearth.test",
      body: { x: 1 },
      name: "a/b é",
      query: "1",
    });
  });

  it.each([
    ["an unknown path", "GET", "/nope", {}, 404, "M_UNRECOGNIZED"],
    ["a wrong method", "GET", "/echo/a", {}, 405, "M_UNRECOGNIZED"],
    ["no token", "PUT", "/echo/a", { json: {} }, 401, "M_MISSING_TOKEN"],
    ["a wrong token", "PUT", "/echo/a?access_token=x", { json: {} }, 401, "M_UNKNOWN_TOKEN"],
    ["a bad escape", "PUT", "/echo/%ZZ", { as: "u", json: {} }, 400, "M_INVALID_PARAM"],
    ["a NUL in the path", "PUT", "/echo/%00", { as: "u", json: {} }, 400, "M_INVALID_PARAM"],
    ["a long parameter", "PUT", `/echo/${"a".repeat(1025)}`, { as: "u" }, 400, "M_INVALID_PARAM"],
    ["no JSON", "PUT", "/echo/a", { as: "u", body: "{" }, 400, "M_NOT_JSON"],
    ["no body", "PUT", "/echo/a", { as: "u" }, 400, "M_NOT_JSON"],
    [
      "bytes that are not UTF-8",
      "PUT",
      "/echo/a",
      { as: "u", body: Buffer.from([0x22, 0xff, 0x22]) },
      400,
      "M_NOT_JSON",
    ],
    ["an array", "PUT", "/echo/a", { as: "u", body: "[]" }, 400, "M_BAD_JSON"],
    [
      "half a surrogate pair",
      "PUT",
      "/echo/a",
      { as: "u", body: '{"a":["\\ud83d"]}' },
      400,
      "M_BAD_JSON",
    ],
    ["deep nesting", "PUT", "/echo/a", { as: "u", body: "[".repeat(100_000) }, 400, "M_BAD_JSON"],
    [
      "a huge body",
      "PUT",
      "/echo/a",
      { as: "u", body: " ".repeat(1024 * 1024 + 1) },
      413,
      "M_TOO_LARGE",
    ],
  ])("with %s is refused", async (_why, method, path, options, status, errcode) => {
    await using api = await testApi({ endpoints: [echo] });
    const answer = await api.request(method, path, options);
    expect([answer.status, answer.json["errcode"]]).toEqual([status, errcode]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("may have brackets and escapes inside its texts", async () => {
    await using api = await testApi({ endpoints: [echo] });
    const json = { a: `${"[{".repeat(500)}\\"`, b: "😀", c: "\\ud800" };
    const answer = await api.request("PUT", "/echo/a", { as: "u", json });
    expect(answer.json["body"]).toEqual(json);
  });

  it("is refused when a chunked body grows too large, on a connection that goes on", async () => {
    await using api = await testApi({ endpoints: [echo] });
    const body = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(100_000));
        controller.close();
      },
    });
    const answer = await api.request("PUT", "/echo/a", { as: "u", body });
    expect([answer.status, answer.json["errcode"]]).toEqual([413, "M_TOO_LARGE"]);
  });

  it("names the methods of a path in Allow", async () => {
    await using api = await testApi({ endpoints: [echo] });
    expect((await api.request("GET", "/echo/a")).headers.get("allow")).toBe("PUT");
  });

  it("takes a token in the query", async () => {
    await using api = await testApi({ endpoints: [echo] });
    const path = "/echo/a?access_token=%40u%3Ahearth.test";
    expect((await api.request("PUT", path, { json: {} })).status).toBe(200);
  });
});

describe("an answer", () => {
  it("to OPTIONS has the CORS headers and runs no handler", async () => {
    const boom = get("/x", async () => {
      throw new Error("must not run");
    });
    await using api = await testApi({ endpoints: [boom] });
    const answer = await api.request("OPTIONS", "/x");
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-methods")).toContain("DELETE");
    expect(answer.headers.get("access-control-allow-headers")).toContain("Authorization");
  });

  it("hides what went wrong inside, and logs it", async () => {
    const services = fakeServices();
    const boom = get("/x", async () => {
      throw new Error("secret");
    });
    await using api = await testApi({ services, endpoints: [boom] });
    const answer = await api.request("GET", "/x");
    expect([answer.status, answer.json["errcode"]]).toEqual([500, "M_UNKNOWN"]);
    expect(answer.text).not.toContain("secret");
    expect(services.errors).toMatchObject([{ operation: "test", err: { message: "secret" } }]);
  });

  it("hides a reply that is no JSON", async () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const endpoint = get("/x", async () => ({ json: circle }) as unknown as Reply);
    await using api = await testApi({ endpoints: [endpoint] });
    expect((await api.request("GET", "/x")).status).toBe(500);
  });

  it("tells when to try again, in both forms", async () => {
    const busy = get("/x", async () => {
      throw new MatrixError(429, "M_LIMIT_EXCEEDED", "later", { retry_after_ms: 1500 });
    });
    await using api = await testApi({ endpoints: [busy] });
    const answer = await api.request("GET", "/x");
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(answer.json["retry_after_ms"]).toBe(1500);
  });

  it("is cut off when its bytes fail half-way", async () => {
    const broken = get("/x", async () => ({
      bytes: (async function* bytes() {
        yield new Uint8Array(10);
        throw new Error("the disk is gone");
      })(),
      headers: { "content-length": "20" },
    }));
    await using api = await testApi({ endpoints: [broken] });
    await expect(api.request("GET", "/x")).rejects.toThrow("terminated");
  });

  it("says why while the box is not ready", async () => {
    let reason: string | undefined = "repairing the store";
    const fine = get("/x", async () => ({ json: {} }));
    await using api = await testApi({ endpoints: [fine], notReady: () => reason });
    const answer = await api.request("GET", "/x");
    expect([answer.status, answer.json["error"]]).toEqual([503, "repairing the store"]);
    expect(answer.headers.has("retry-after")).toBe(true);
    reason = undefined;
    expect((await api.request("GET", "/x")).status).toBe(200);
  });
});

describe("a waiting request", () => {
  function waiting(): { endpoint: Endpoint; entered: Promise<AbortSignal> } {
    const { promise, resolve } = Promise.withResolvers<AbortSignal>();
    const endpoint = get("/wait", async ({ signal }) => {
      resolve(signal);
      if (!signal.aborted) await once(signal, "abort");
      return { json: { ended: true } };
    });
    return { endpoint, entered: promise };
  }

  it("answers at once when the box stops", async () => {
    const { endpoint, entered } = waiting();
    await using api = await testApi({ endpoints: [endpoint] });
    const answer = api.request("GET", "/wait");
    await entered;
    api.stop();
    expect((await answer).json).toEqual({ ended: true });
  });

  it("is told when its client goes away", async () => {
    const { endpoint, entered } = waiting();
    await using api = await testApi({ endpoints: [endpoint] });
    const client = new AbortController();
    const answer = api.request("GET", "/wait", { signal: client.signal });
    const signal = await entered;
    client.abort();
    await expect(answer).rejects.toThrow("aborted");
    if (!signal.aborted) await once(signal, "abort");
    expect(signal.aborted).toBe(true);
  });
});

describe("rate limits", () => {
  it("answer 429 once the budget is used up", async () => {
    const services = fakeServices({ settings: { rateLimits: true } });
    const login = publicEndpoint({
      operationId: "test",
      method: "POST",
      path: "/login",
      rateLimit: "login",
      handle: async () => ({ json: {} }),
    });
    await using api = await testApi({ services, endpoints: [login] });
    const statuses: number[] = [];
    for (let i = 0; i < 60; i++)
      statuses.push((await api.request("POST", "/login", { json: {} })).status);
    expect(statuses.slice(0, 50)).toEqual(Array(50).fill(200));
    expect(statuses.at(-1)).toBe(429);
  });
});

describe("a broken connection", () => {
  it("in the middle of a body leaves no trace in the log", async () => {
    const services = fakeServices();
    await using api = await testApi({ services, endpoints: [echo] });
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      "PUT /echo/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer @u:hearth.test\r\ncontent-length: 9\r\n\r\n{",
    );
    socket.destroy();
    expect((await api.request("GET", "/nope")).status).toBe(404);
    expect(services.errors).toEqual([]);
  });
});
