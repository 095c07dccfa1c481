import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import nacl from "tweetnacl";
import { expect, test } from "vitest";
import { encodeJoinGrant } from "../../../bin/home/join-grant.ts";
import { homePaths } from "../../../bin/home/paths.ts";
import { loadSecrets, newSecrets } from "../../../bin/home/secrets.ts";
import type { JoinRequest } from "../../../bin/meshctl/join-home.ts";
import { joinHome } from "../../../bin/meshctl/join-home.ts";
import { TEST_SERVER } from "../../support/one-box.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const random = (length: number): Uint8Array => nacl.randomBytes(length);
const grant = encodeJoinGrant({
  serverName: TEST_SERVER,
  secrets: newSecrets(random),
  members: [],
});

function joiner(home: string) {
  const asked: JoinRequest[] = [];
  const ask = (answer: () => Promise<Uint8Array>): Promise<unknown> => {
    const about = { home, code: "code", name: "kitchen", addresses: [], config: {} };
    const requestJoin = (request: JoinRequest): Promise<Uint8Array> => {
      asked.push(request);
      return answer();
    };
    return joinHome(about, { requestJoin, random });
  };
  return { ask, asked };
}

test("who asks once more, since the answer was lost, asks as the same box, and is it then", async () => {
  const home = join(tempFolder(), "home");
  const { ask, asked } = joiner(home);
  await expect(ask(() => Promise.reject(new Error("the answer is lost")))).rejects.toThrow("lost");
  await ask(() => Promise.resolve(grant));
  expect(asked[1]?.boxSeed).toEqual(asked[0]?.boxSeed);
  expect(loadSecrets(homePaths(home).secrets).boxSeed).toEqual(asked[0]?.boxSeed);
  expect(existsSync(homePaths(home).joining)).toBe(false);
});

test("two homes ask as two boxes", async () => {
  const [one, other] = [joiner(tempFolder()), joiner(tempFolder())];
  for (const { ask } of [one, other]) await ask(() => Promise.resolve(grant));
  expect(one.asked[0]?.boxSeed).not.toEqual(other.asked[0]?.boxSeed);
});

test("a seed that cannot be read is no reason to ask as another box", async () => {
  const home = tempFolder();
  const { ask, asked } = joiner(home);
  writeFileSync(homePaths(home).joining, '{"version":1,"box_seed":"AAAA"}');
  await expect(ask(() => Promise.resolve(grant))).rejects.toMatchObject({ code: "HOME_DAMAGED" });
  expect(asked).toEqual([]);
});
