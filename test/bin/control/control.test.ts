import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection, Server } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { callMeshd } from "../../../bin/control/client.ts";
import { ControlError } from "../../../bin/control/error.ts";
import type { ControlHandlers } from "../../../bin/control/protocol.ts";
import { serveControl } from "../../../bin/control/server.ts";
import { homePaths } from "../../../bin/home/paths.ts";
import { MatrixError } from "../../../core/errors.ts";
import type { UserId } from "../../../core/ids.ts";
import type { Logger } from "../../../core/ports.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const refuse = (): Promise<never> => Promise.reject(new ControlError("not_found", "no such thing"));

const HANDLERS: ControlHandlers = {
  status: refuse,
  verify: refuse,
  invite: refuse,
  "user.add": refuse,
  "user.list": refuse,
  "user.password": refuse,
  "user.deactivate": refuse,
  "box.list": refuse,
  "box.remove": refuse,
  "report.list": refuse,
  "report.close": refuse,
  "drill.start": refuse,
  "drill.facts": refuse,
  "drill.isolate": refuse,
  "drill.heal": refuse,
};

async function serve(
  handlers: Partial<ControlHandlers>,
): Promise<{ home: string; logged: string[] }> {
  const home = tempFolder();
  const logged: string[] = [];
  const write = (_fields: unknown, message: string): void => void logged.push(message);
  const log: Logger = { debug: write, info: write, warn: write, error: write };
  const server = await serveControl(homePaths(home).socket, { ...HANDLERS, ...handlers }, log);
  onTestFinished(() => server.stop());
  return { home, logged };
}

/** Sends raw bytes and reads until the server ends the connection. */
async function raw(home: string, request: string): Promise<string> {
  const socket = createConnection({ path: homePaths(home).socket });
  socket.on("error", () => {});
  socket.write(request);
  return text(socket).catch(() => "");
}

describe("the control socket", () => {
  it("carries parameters to the handler and its result back", async () => {
    const { home } = await serve({
      "user.add": ({ name, admin }) =>
        Promise.resolve({ user_id: `@${name}:${String(admin)}` as UserId }),
    });
    const params = { name: "alice", password: "p", admin: true };
    await expect(callMeshd(home, "user.add", params)).resolves.toEqual({ user_id: "@alice:true" });
  });

  it("is open to the owner only", async () => {
    const { home } = await serve({});
    expect(statSync(homePaths(home).socket).mode & 0o777).toBe(0o600);
  });

  it("replaces a socket file that a crash left behind", async () => {
    const home = tempFolder();
    writeFileSync(homePaths(home).socket, "");
    const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
    const server = await serveControl(homePaths(home).socket, HANDLERS, log);
    await expect(callMeshd(home, "status", {})).rejects.toMatchObject({ code: "not_found" });
    await server.stop();
  });

  it("goes on where the system hands over no connection, as with too many open files", async () => {
    const listen = vi.spyOn(Server.prototype, "listen");
    onTestFinished(() => listen.mockRestore());
    const { home, logged } = await serve({});
    const [server] = listen.mock.contexts as Server[];
    for (let i = 0; i < 2; i++) server?.emit("error", new Error("accept EMFILE"));
    expect(logged).toHaveLength(2);
    await expect(callMeshd(home, "status", {})).rejects.toMatchObject({ code: "not_found" });
  });

  it("removes its file when it stops, and stops also where it cannot", async () => {
    const home = tempFolder();
    const { socket } = homePaths(home);
    const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
    const server = await serveControl(socket, HANDLERS, log);
    await server.stop();
    expect(existsSync(socket)).toBe(false);
    const again = await serveControl(socket, HANDLERS, log);
    // A folder is removed no more by unlinking it than a file of a disk that takes no writes.
    rmSync(socket);
    mkdirSync(socket);
    await again.stop();
  });

  it("says how to start meshd when it does not run", async () => {
    const home = tempFolder();
    await expect(callMeshd(home, "status", {})).rejects.toMatchObject({
      code: "not_running",
      message: expect.stringContaining(`meshd --home ${home}`),
    });
  });

  it("passes on what a handler or the homeserver refuses", async () => {
    const { home, logged } = await serve({
      "user.list": () => Promise.reject(new MatrixError(503, "M_UNKNOWN", "no majority")),
    });
    const refused = callMeshd(home, "user.list", {});
    await expect(refused).rejects.toMatchObject({ code: "unavailable", message: "no majority" });
    await expect(callMeshd(home, "box.list", {})).rejects.toMatchObject({ code: "not_found" });
    expect(logged).toEqual([]);
  });

  it("logs a defect and does not show its message", async () => {
    const { home, logged } = await serve({
      "drill.heal": () => Promise.reject(new Error("secret detail")),
    });
    await expect(callMeshd(home, "drill.heal", {})).rejects.toMatchObject({
      code: "failed",
      message: expect.not.stringContaining("secret"),
    });
    expect(logged).toEqual(["control request failed"]);
  });

  it.each([
    ["no JSON", "hello\n", "bad_params"],
    ["a list", "[]\n", "bad_params"],
    ["an unknown verb", '{"verb":"reboot"}\n', "unknown_verb"],
    ["a verb of the prototype", '{"verb":"constructor"}\n', "unknown_verb"],
    ["missing parameters", '{"verb":"user.add"}\n', "bad_params"],
    ["a number out of range", '{"verb":"invite","params":{"ttl_s":0}}\n', "bad_params"],
  ])("answers %s with an error", async (_what, request, code) => {
    const { home } = await serve({});
    const answer = JSON.parse(await raw(home, request)) as unknown;
    expect(answer).toMatchObject({ ok: false, error: { code } });
  });

  it("hangs up on a request without an end", async () => {
    const { home, logged } = await serve({});
    expect(await raw(home, "x".repeat(65_537))).toBe("");
    expect(logged).toEqual(["control connection failed"]);
  });

  it("refuses a path that no unix socket can have, with a hint", async () => {
    const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
    const path = `/${"x".repeat(107)}`;
    await expect(serveControl(path, HANDLERS, log)).rejects.toThrow("use a shorter home");
  });
});
