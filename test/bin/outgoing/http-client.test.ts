import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { outgoingHttp } from "../../../bin/outgoing/http-client.ts";
import type { HttpAnswer } from "../../../core/ports.ts";

const LOOPBACK = ["127.0.0.0/8", "::1"];
const quiet = new AbortController().signal;

interface Server extends AsyncDisposable {
  readonly port: number;
  readonly requests: { readonly url: string | undefined; readonly body: string }[];
}

async function serverOf(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<Server> {
  const requests: Server["requests"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({ url: request.url, body: Buffer.concat(chunks).toString() });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function post(
  url: string,
  allowed: readonly string[] = LOOPBACK,
  limits: { timeoutMs?: number; answerBytesMax?: number; signal?: AbortSignal } = {},
): Promise<HttpAnswer> {
  const http = outgoingHttp(allowed, "0.0.0-test");
  try {
    const options = { timeoutMs: 10_000, answerBytesMax: 1000, signal: quiet, ...limits };
    return await http.postJson(url, { hello: "wörld" }, options);
  } finally {
    http.stop();
  }
}

test("JSON goes out and the answer comes back, whatever its status", async () => {
  await using server = await serverOf((response) => response.writeHead(404).end("not here"));
  const answer = await post(`http://localhost:${server.port}/a/b`);
  expect(answer).toEqual({ kind: "answer", status: 404, text: "not here" });
  expect(server.requests).toEqual([{ url: "/a/b", body: '{"hello":"wörld"}' }]);
});

test.each(["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"])(
  "http://%s is not asked when the owner does not allow it",
  async (host) => {
    await using server = await serverOf((response) => response.end());
    const answer = await post(`http://${host}:${server.port}/`, []);
    expect(answer.kind).toBe("refused");
    expect(server.requests).toEqual([]);
  },
);

test("a redirection is an answer and is not followed", async () => {
  await using server = await serverOf((response) =>
    response.writeHead(302, { location: "/elsewhere" }).end(),
  );
  const answer = await post(`http://127.0.0.1:${server.port}/`);
  expect(answer).toMatchObject({ kind: "answer", status: 302 });
  expect(server.requests).toHaveLength(1);
});

test("an answer that is too long, too slow, or broken off is none", async () => {
  await using long = await serverOf((response) => response.end("x".repeat(5000)));
  await expect(post(`http://127.0.0.1:${long.port}/`)).rejects.toThrow("longer than 1000 bytes");
  await using silent = await serverOf(() => undefined);
  const url = `http://127.0.0.1:${silent.port}/`;
  await expect(post(url, LOOPBACK, { timeoutMs: 50 })).rejects.toThrow("aborted");
  await using broken = await serverOf((response) => response.socket?.destroy());
  await expect(post(`http://127.0.0.1:${broken.port}/`)).rejects.toThrow("hang up");
});

test("a box that stops waits for no answer", async () => {
  const stop = new AbortController();
  await using silent = await serverOf(() => stop.abort());
  const url = `http://127.0.0.1:${silent.port}/`;
  await expect(post(url, LOOPBACK, { signal: stop.signal })).rejects.toThrow("abort");
});
