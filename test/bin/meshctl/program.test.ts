import { writeFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../bin/config/load.ts";
import { ConfigError } from "../../../bin/config/problems.ts";
import { ControlError } from "../../../bin/control/error.ts";
import { encodeJoinGrant } from "../../../bin/home/join-grant.ts";
import { loadMembers } from "../../../bin/home/members.ts";
import type { HomeMember } from "../../../bin/home/members.ts";
import { homePaths } from "../../../bin/home/paths.ts";
import { loadSecrets, newSecrets } from "../../../bin/home/secrets.ts";
import type { Context } from "../../../bin/meshctl/context.ts";
import { errorReport, meshctlProgram } from "../../../bin/meshctl/program.ts";
import type { BoxId, ServerName } from "../../../core/ids.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { boxStatus, statusOf } from "./status-fixture.ts";
import { verifyReport } from "./verify-fixture.ts";

interface Run {
  readonly printed: string;
  /** The requests to meshd: home, verb, parameters. */
  readonly calls: readonly (readonly [string, string, unknown])[];
  readonly exitCode: number;
}

interface World {
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly stdin?: string;
  readonly requestJoin?: Context["requestJoin"];
}

/** Runs `meshctl` with these words; meshd answers what the test says. */
async function meshctl(words: readonly string[], world: World = {}): Promise<Run> {
  const calls: [string, string, unknown][] = [];
  let exitCode = 0;
  const output = new PassThrough();
  const input = new PassThrough();
  input.end(world.stdin ?? "");
  const context = {
    call: (home: string, verb: string, params: unknown) => {
      calls.push([home, verb, params]);
      return Promise.resolve(world.answers?.[verb]);
    },
    requestJoin: world.requestJoin ?? (() => Promise.reject(new Error("not expected"))),
    random: (length: number) => new Uint8Array(length).fill(7),
    input,
    output,
    version: "1.2.3",
    exit: (code: number) => void (exitCode = code),
  } as unknown as Context;
  await meshctlProgram(context, "/env/home").parseAsync(words, { from: "user" });
  output.end();
  return {
    printed: await Array.fromAsync(output).then((chunks) => chunks.join("")),
    calls,
    exitCode,
  };
}

describe("verbs that ask meshd", () => {
  const user = { answers: { "user.add": { user_id: "@alice:example.org" } } };

  it("take --home and --json anywhere on the line", async () => {
    for (const words of [
      ["--home", "/h", "--json", "user", "add", "alice", "--password", "p"],
      ["user", "add", "alice", "--password", "p", "--json", "--home", "/h"],
    ]) {
      const { printed, calls } = await meshctl(words, user);
      expect(JSON.parse(printed)).toEqual({ user_id: "@alice:example.org" });
      expect(calls).toEqual([["/h", "user.add", { name: "alice", password: "p", admin: false }]]);
    }
  });

  it("take the home from the environment otherwise", async () => {
    const { calls } = await meshctl(["user", "add", "alice", "--password", "p", "--admin"], user);
    expect(calls).toEqual([
      ["/env/home", "user.add", { name: "alice", password: "p", admin: true }],
    ]);
  });

  it("make up a password and print it only when none is given", async () => {
    const made = await meshctl(["user", "add", "alice"], user);
    expect(made.printed).toContain("password: hhhhh-hhhhh-hhhhh-hhhhh");
    const given = await meshctl(["user", "add", "alice", "--password-stdin"], {
      ...user,
      stdin: "from a file\n",
    });
    expect(given.printed).toBe("@alice:example.org may log in.\n");
    expect(given.calls[0]?.[2]).toMatchObject({ password: "from a file" });
  });

  it("status --json has the facts and the verdict", async () => {
    const facts = statusOf([boxStatus("a"), boxStatus("b")]);
    const { printed } = await meshctl(["status", "--json"], { answers: { status: facts } });
    expect(JSON.parse(printed)).toMatchObject({ ...facts, mesh: { state: "whole", up: 2 } });
  });

  it.each([
    ["equal", 0],
    ["differs", 1],
    ["unsure", 2],
  ] as const)("verify that finds %s exits with %i", async (outcome, code) => {
    const answers = { verify: verifyReport({ outcome }) };
    const { printed, exitCode } = await meshctl(["verify", "--json"], { answers });
    expect([JSON.parse(printed).outcome, exitCode]).toEqual([outcome, code]);
  });

  it("reports shows what was reported, and forgets what was dealt with", async () => {
    const answers = {
      "report.list": { reports: [], total: 0 },
      "report.close": { id: "3f9a01bc", reporter: "@bob:example.org" },
    };
    const { printed } = await meshctl(["reports"], { answers });
    expect(printed).toBe("Nobody has reported anything.\n");
    const closed = await meshctl(["reports", "--close", "3f9a01bc"], { answers });
    expect(closed.printed).toBe("The report of @bob:example.org is closed.\n");
    expect(closed.calls).toEqual([["/env/home", "report.close", { id: "3f9a01bc" }]]);
  });

  it("invite shows the command for the new box", async () => {
    const answers = { invite: { code: "hearth1abc", expires_at: 1 } };
    const { printed, calls } = await meshctl(["invite", "--hours", "2"], { answers });
    expect(printed).toMatch(/meshctl join --home DIR\n[^]*\n  hearth1abc\n/);
    expect(calls).toEqual([["/env/home", "invite", { ttl_s: 7200 }]]);
  });
});

describe("init and join", () => {
  it("init makes a home that check-config finds good", async () => {
    const home = join(tempFolder(), "box1");
    const words = ["--home", home, "--server-name", "example.org", "--name", "attic"];
    const { printed } = await meshctl(["init", ...words]);
    expect(printed).toContain(`meshd --home ${home}`);
    expect(loadSecrets(homePaths(home).secrets)).toBeDefined();
    expect((await meshctl(["check-config", "--home", home])).printed).toContain("good");
  });

  it("join takes server name, keys and members from the inviting box, and its own seed", async () => {
    const home = join(tempFolder(), "box2");
    const shared = newSecrets((length) => new Uint8Array(length).fill(9));
    const member: HomeMember = {
      box: "aaaaaaaa" as BoxId,
      name: "attic",
      peerId: "12D3",
      addresses: ["/ip4/127.0.0.1/tcp/8009"],
    };
    const grant = { serverName: "example.org" as ServerName, secrets: shared, members: [member] };
    const { printed } = await meshctl(["join", "CODE", "--home", home, "--name", "shed"], {
      requestJoin: ({ code, name }) => {
        expect([code, name]).toEqual(["CODE", "shed"]);
        return Promise.resolve(encodeJoinGrant(grant));
      },
    });
    const paths = homePaths(home);
    expect(printed).toContain("box shed of example.org, with 1 other.");
    expect(loadConfig(paths.config)).toMatchObject({
      server_name: "example.org",
      box: { name: "shed" },
    });
    expect(loadSecrets(paths.secrets)).toEqual({ ...shared, boxSeed: new Uint8Array(32).fill(7) });
    expect(loadMembers(paths.members)).toEqual([member]);
  });

  it("join asks nobody to let it in while it cannot write to its home", async () => {
    const home = join(tempFolder(), "file", "box2");
    writeFileSync(dirname(home), "");
    let asked = 0;
    const requestJoin = (): Promise<never> => Promise.reject(new Error(`asked ${++asked} times`));
    await expect(meshctl(["join", "CODE", "--home", home], { requestJoin })).rejects.toThrow(
      "ENOTDIR",
    );
    expect(asked).toBe(0);
  });

  it("join leaves nothing behind when the mesh refuses", async () => {
    const home = join(tempFolder(), "box2");
    const requestJoin = (): Promise<never> => Promise.reject(new Error("expired"));
    await expect(meshctl(["join", "CODE", "--home", home], { requestJoin })).rejects.toThrow(
      "expired",
    );
    expect(() => loadSecrets(homePaths(home).secrets)).toThrow("is missing");
  });
});

describe("errorReport", () => {
  it.each([
    [new ControlError("not_running", "no"), { code: "not_running", message: "no" }],
    [new Error("oops"), { code: "failed", message: "oops" }],
    [
      new ConfigError("f", [{ line: 3, message: "m" }]),
      {
        code: "CONFIG_REFUSED",
        message: "f:3: m",
        file: "f",
        problems: [{ line: 3, message: "m" }],
      },
    ],
  ])("gives scripts a code for %s", (error, report) => {
    expect(errorReport(error)).toEqual({ error: report });
  });
});
