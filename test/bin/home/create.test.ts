import { statSync } from "node:fs";
import { join } from "node:path";
import nacl from "tweetnacl";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../bin/config/load.ts";
import { createHome, defaultBoxName } from "../../../bin/home/create.ts";
import { loadMembers } from "../../../bin/home/members.ts";
import { homePaths } from "../../../bin/home/paths.ts";
import { loadSecrets, newSecrets } from "../../../bin/home/secrets.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const secrets = newSecrets((length) => nacl.randomBytes(length));
const config = { server_name: "example.org", "box.name": "kitchen" };

describe("createHome", () => {
  it("makes a folder that only the owner can enter, with all that meshd reads", () => {
    const home = join(tempFolder(), "deep/box1");
    createHome({ home, secrets, members: [], config });
    const paths = homePaths(home);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(loadConfig(paths.config).box.name).toBe("kitchen");
    expect(loadSecrets(paths.secrets)).toEqual(secrets);
    expect(loadMembers(paths.members)).toEqual([]);
  });

  it("never overwrites the keys of a box that exists", () => {
    const home = tempFolder();
    createHome({ home, secrets, members: [], config });
    const other = newSecrets((length) => nacl.randomBytes(length));
    expect(() => createHome({ home, secrets: other, members: [], config })).toThrow(
      expect.objectContaining({ code: "HOME_EXISTS" }),
    );
    expect(loadSecrets(homePaths(home).secrets)).toEqual(secrets);
  });
});

describe("defaultBoxName", () => {
  it.each([
    ["Kitchen.lan", "kitchen"],
    ["42-pi_4", "pi-4"],
    ["1234", "box"],
    ["x".repeat(50), "x".repeat(32)],
  ])("makes %s a name that mesh.yaml allows: %s", (machine, name) => {
    expect(defaultBoxName(machine)).toBe(name);
  });
});
