import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadConfig, loadConfigToRun } from "../../../bin/config/load.ts";
import { ConfigError } from "../../../bin/config/problems.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { UNREADABLE } from "../../support/unreadable.ts";

it("names the file and the line of each problem", () => {
  const file = join(tempFolder(), "mesh.yaml");
  writeFileSync(file, "server_name: example.org\nbox: {name: kitchen}\nfoo: 1\n");
  expect(() => loadConfig(file)).toThrow(ConfigError);
  expect(() => loadConfig(file)).toThrow(`${file}:3: unknown key \`foo\``);
});

it("lets a box run with keys of another version, and says which it passes over", () => {
  const file = join(tempFolder(), "mesh.yaml");
  writeFileSync(file, "server_name: example.org\nbox: {name: kitchen}\nfoo: 1\n");
  const { config, unknown } = loadConfigToRun(file);
  expect(config.box.name).toBe("kitchen");
  expect(unknown).toMatchObject([{ line: 3, message: expect.stringContaining("`foo`") }]);
  writeFileSync(file, "server_name: example.org\nbox: {name: kitchen}\nfoo: 1\nmesh: 3\n");
  expect(() => loadConfigToRun(file)).toThrow(ConfigError);
});

it("says how a missing file is made", () => {
  const file = join(tempFolder(), "mesh.yaml");
  expect(() => loadConfig(file)).toThrow("`meshctl init`");
});

it("leaves it to the next start where the disk did not read it", () => {
  const file = join(tempFolder(), "mesh.yaml");
  symlinkSync(UNREADABLE, file);
  expect(() => loadConfig(file)).toThrow(expect.objectContaining({ code: "EIO" }));
});

it("does not read a huge file", () => {
  const file = join(tempFolder(), "mesh.yaml");
  writeFileSync(file, "#".repeat(262_145));
  expect(() => loadConfig(file)).toThrow("larger than 262144 bytes");
});
