import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withConfigValues } from "../../bin/config/render.ts";
import { TestUser, call } from "./support/client.ts";
import { Program, isRunning, meshctl } from "./support/program.ts";
import { freePort } from "./support/free-port.ts";

/** What a stop may take, milliseconds. */
const STOP_MS_MAX = 5000;

let folder: string;
let home: string;
let url: string;
let box: Program;

/** A home whose ports are free ones. */
async function configure(dir: string): Promise<string> {
  const file = join(dir, "mesh.yaml");
  const port = await freePort();
  const values = {
    "client.listen.port": port,
    "mesh.listen.host": "127.0.0.1",
    "mesh.listen.port": await freePort(),
    "mesh.mdns": false,
    "registration.open": true,
  };
  writeFileSync(file, withConfigValues(readFileSync(file, "utf8"), values));
  return `http://127.0.0.1:${port}`;
}

async function run(dir: string): Promise<Program> {
  const program = new Program("meshd", ["--home", dir]);
  await program.until("the box is ready", () => program.stdout.includes('"msg":"ready"'));
  return program;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hearth-e2e-"));
  home = join(folder, "one");
});
afterAll(async () => {
  await box?.stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("a box and its owner (N=1)", () => {
  it("meshctl makes a home, and says what is wrong with it by file and line", async () => {
    const made = await meshctl(home, "init", "--server-name", "hearth.localhost", "--name", "one");
    expect(made).toEqual({
      code: 0,
      json: { home, name: "one", server_name: "hearth.localhost" },
    });
    const again = await meshctl(home, "init", "--name", "one");
    expect(again.code).toBe(1);
    expect(again.json).toMatchObject({ error: { code: "HOME_EXISTS" } });
    expect(statSync(join(home, "secrets.json")).mode & 0o777).toBe(0o600);

    url = await configure(home);
    expect((await meshctl(home, "check-config")).json).toMatchObject({ ok: true });
    const file = join(home, "mesh.yaml");
    const good = readFileSync(file, "utf8");
    writeFileSync(file, `${good}\ncolour: blue\n`);
    const line = good.split("\n").length + 1;
    const checked = await meshctl(home, "check-config");
    expect(checked.code).toBe(1);
    expect(checked.json).toMatchObject({ error: { file, problems: [{ line }] } });
    // A key of another version keeps no box from running; what makes no sense does.
    writeFileSync(file, `${good}\nbox: kitchen\n`);
    const refused = new Program("meshd", ["--home", home]);
    expect(await refused.ended()).toEqual({ code: 2, signal: null });
    expect(refused.stderr).toMatch(new RegExp(`mesh.yaml.*${line}.*unique`, "s"));
    writeFileSync(file, good);

    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    const told = String((await meshctl(home, "version")).json["version"]);
    expect(told.split("+")[0]).toBe(version);
    const stopped = await meshctl(home, "status");
    expect(stopped.code).toBe(1);
    expect(stopped.json).toMatchObject({ error: { code: "not_running" } });
  });

  it("meshd that is told to stop while it starts stops as cleanly as later", async () => {
    const early = new Program("meshd", ["--home", home]);
    await early.until("it has taken the home", () => existsSync(join(home, "meshd.pid")));
    expect(await early.stop()).toEqual({ code: 0, signal: null });
    expect(early.stdout).toContain('"msg":"stopped"');
    expect(existsSync(join(home, "meshd.pid"))).toBe(false);
  });

  it("meshd logs JSON, keeps its pid and its socket in the home, for its owner alone", async () => {
    box = await run(home);
    expect(Number(readFileSync(join(home, "meshd.pid"), "utf8"))).toBe(box.child.pid);
    expect(statSync(join(home, "meshd.sock")).mode & 0o777).toBe(0o600);
    expect((await call("GET", `${url}/_matrix/client/versions`)).status).toBe(200);
    for (const text of box.stdout.trimEnd().split("\n")) {
      const line = JSON.parse(text) as Record<string, unknown>;
      expect(line).toMatchObject({ level: expect.anything(), time: expect.anything() });
      expect(typeof line["msg"]).toBe("string");
    }
  });

  it("meshd refuses a second start on the same home, and the first one goes on", async () => {
    const second = new Program("meshd", ["--home", home]);
    expect(await second.ended()).toEqual({ code: 2, signal: null });
    expect(second.stderr).toContain(`already runs on ${home} as process ${box.child.pid}`);
    expect(Number(readFileSync(join(home, "meshd.pid"), "utf8"))).toBe(box.child.pid);
    expect((await meshctl(home, "status")).json).toMatchObject({ server_name: "hearth.localhost" });
  });

  it("meshctl looks after users", async () => {
    const added = await meshctl(home, "user", "add", "alice", "--admin");
    const { user_id: alice, password } = added.json as { user_id: string; password: string };
    expect(alice).toBe("@alice:hearth.localhost");
    expect(await logIn(password)).toBe(200);
    const { users } = (await meshctl(home, "user", "list")).json;
    expect(users).toMatchObject([{ user_id: alice, admin: true, deactivated: false, devices: 1 }]);

    const changed = await meshctl(home, "user", "password", "alice", "--password", "another one");
    expect(changed.json).toMatchObject({ user_id: alice });
    expect(await logIn(password)).toBe(403);
    expect(await logIn("another one")).toBe(200);
    expect((await meshctl(home, "user", "deactivate", "alice")).json).toMatchObject({
      user_id: alice,
    });
    expect(await logIn("another one")).toBe(403);
    const listed = (await meshctl(home, "user", "list")).json;
    expect(listed["users"]).toMatchObject([{ user_id: alice, deactivated: true }]);
    const nobody = await meshctl(home, "user", "deactivate", "nobody");
    expect(nobody).toMatchObject({ code: 1, json: { error: { code: "not_found" } } });
    const taken = await meshctl(home, "user", "add", "alice");
    expect(taken).toMatchObject({ code: 1, json: { error: { code: "failed" } } });
  });

  it("meshctl looks after boxes: invites, lists and removes them", async () => {
    const other = join(folder, "two");
    const invited = (await meshctl(home, "invite", "--hours", "2")).json;
    const { code, expires_at: expiresAt } = invited as { code: string; expires_at: number };
    expect(expiresAt).toBeGreaterThan(Date.now() + 7_000_000);
    const joined = await meshctl(other, "join", code, "--name", "two");
    expect(joined.json).toMatchObject({
      server_name: "hearth.localhost",
      boxes: [{ name: "one" }],
    });
    await configure(other);
    const two = await run(other);
    try {
      await two.until("the boxes see each other", async () => (await mesh()) === "whole");
      const { boxes } = (await meshctl(home, "box", "list")).json;
      expect(boxes).toHaveLength(2);
      expect(boxes).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: "one", self: true, up: true }),
          expect.objectContaining({ name: "two", self: false, up: true }),
        ]),
      );
      const self = await meshctl(home, "box", "remove", "one");
      expect(self).toMatchObject({ code: 1, json: { error: { code: "conflict" } } });
      expect((await meshctl(home, "box", "remove", "two")).json).toMatchObject({ name: "two" });
      const left = (await meshctl(home, "box", "list")).json;
      expect(left["boxes"]).toMatchObject([{ name: "one" }]);
    } finally {
      await two.stop();
    }
  });

  it("SIGTERM answers a waiting /sync, lets what runs finish and ends the process in time", async () => {
    const bob = await TestUser.register(url, "bob");
    const since = String((await bob.sync(url))["next_batch"]);
    const waiting = bob.request("GET", url, `/sync?timeout=30000&since=${since}`);
    // Both have arrived once a later request on the same box has been answered.
    const room = bob.createRoom(url);
    await bob.ask("GET", url, "/account/whoami");
    const pid = box.child.pid ?? 0;
    const asked = performance.now();
    const ended = box.stop("SIGTERM");
    const reply = await waiting;
    expect(reply.status).toBe(200);
    expect(typeof reply.body["next_batch"]).toBe("string");
    expect(await room).toMatch(/^!/);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - asked).toBeLessThan(STOP_MS_MAX);
    expect(isRunning(pid)).toBe(false);
    expect(box.stdout).toContain('"msg":"stopped"');

    box = await run(home);
    const { joined_rooms: rooms } = await bob.ask("GET", url, "/joined_rooms");
    expect(rooms).toEqual([await room]);
  });
});

async function mesh(): Promise<unknown> {
  const { mesh: health } = (await meshctl(home, "status")).json as { mesh: { state: string } };
  return health.state;
}

async function logIn(password: string): Promise<number> {
  const identifier = { type: "m.id.user", user: "alice" };
  const body = { type: "m.login.password", identifier, password };
  return (await call("POST", `${url}/_matrix/client/v3/login`, { body })).status;
}
