import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../bin/config/parse.ts";
import type { Problem } from "../../../bin/config/problems.ts";
import type { Config } from "../../../bin/config/schema.ts";

const MINIMUM = "server_name: example.org\nbox:\n  name: kitchen\n";

function good(source: string): Config {
  const parsed = parseConfig(source);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

function problems(source: string): readonly Problem[] {
  const parsed = parseConfig(source);
  return parsed.ok ? [] : parsed.problems;
}

describe("parseConfig", () => {
  it("fills in every default when only the two required keys are given", () => {
    const config = good(MINIMUM);
    expect(config).toMatchObject({
      server_name: "example.org",
      box: { name: "kitchen" },
      client: { listen: { host: "127.0.0.1", port: 8008, extra: [] } },
      mesh: { ack: "reachable", ack_wait_ms: 250, mdns: true, bootstrap: [] },
      registration: { open: false },
      media: { upload_bytes_max: 52_428_800 },
    });
    expect(config.client.public_base_url).toBeUndefined();
  });

  it("takes given values, and groups whose keys are all commented out", () => {
    const source = `${MINIMUM}mesh:\n  # ack: local\nclient:\n  listen:\n    port: 9000\n`;
    const config = good(source);
    expect(config.client.listen).toMatchObject({ host: "127.0.0.1", port: 9000 });
    expect(config.mesh.ack).toBe("reachable");
  });

  it("tells an unknown key by name and line and names the known ones, beside what is known", () => {
    const source = `${MINIMUM}registration:\n  opne: true\n`;
    const unknown = {
      line: 5,
      message: "unknown key `registration.opne`; the keys in registration are open, tokens",
    };
    const config = { box: { name: "kitchen" }, registration: { open: false } };
    expect(parseConfig(source)).toMatchObject({ ok: true, config, unknown: [unknown] });
    expect(problems(`${source}mesh: 3\n`)).toEqual([unknown, expect.objectContaining({ line: 6 })]);
  });

  it.each([
    ["client: {listen: {port: 70000}}", "`client.listen.port`: expected a whole number"],
    ["client: {listen: {port: '8008'}}", "expected a whole number from 1 to 65535"],
    ["mesh: {ack: maybe}", '`mesh.ack`: expected one of reachable, one, local, found "maybe"'],
    ["mesh: {mdns: 1}", "`mesh.mdns`: expected true or false, found 1"],
    ["mesh: {bootstrap: box2:8009}", "`mesh.bootstrap`: expected a list of at most 64"],
    ["mesh: {bootstrap: [nonsense]}", "each host:port or a multiaddr"],
    ["mesh: 3", "`mesh`: expected keys below it: listen, announce"],
    ["client: {public_base_url: 'ftp://x'}", "a URL that starts with https:// or http://"],
  ])("refuses `%s` and says what it expected", (line, message) => {
    const [problem, ...others] = problems(`${MINIMUM}${line}\n`);
    expect(problem?.line).toBe(4);
    expect(problem?.message).toContain(message);
    expect(others).toEqual([]);
  });

  it("reports all problems at once, in the order of the lines", () => {
    const found = problems("box: {name: 'No!'}\nfoo: 1\nbar: 2\n");
    expect(found.map(({ line }) => line)).toEqual([1, 1, 2, 3]);
  });

  it("reports broken YAML and a key given twice with the line", () => {
    expect(problems("a: [\nb")[0]?.line).toBe(2);
    expect(problems(`${MINIMUM}server_name: b.org\n`)).toEqual([
      { line: 4, message: "Map keys must be unique" },
    ]);
  });

  it("does not follow YAML aliases, which can blow a small file up", () => {
    const source = "server_name: &a example.org\nbox: {name: kitchen}\nturn: {username: *a}\n";
    expect(problems(source)).toEqual([
      expect.objectContaining({ line: 3, message: expect.stringContaining("cannot be read") }),
    ]);
  });

  it("refuses TURN servers without credentials for them", () => {
    const uris = "turn: {uris: ['turn:t.example.org'], ";
    expect(problems(`${MINIMUM}${uris}username: u}\n`)).toHaveLength(1);
    expect(problems(`${MINIMUM}${uris}username: u, password: p}\n`)).toEqual([]);
    expect(problems(`${MINIMUM}${uris}shared_secret: s}\n`)).toEqual([]);
  });
});
