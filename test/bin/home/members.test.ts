import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { HomeMember } from "../../../bin/home/members.ts";
import { encodeMembers, loadMembers, saveMembers } from "../../../bin/home/members.ts";
import type { BoxId } from "../../../core/ids.ts";
import { BOXES_MAX } from "../../../mesh/membership/membership.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { UNREADABLE } from "../../support/unreadable.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

function members(count: number): HomeMember[] {
  return Array.from(LETTERS.slice(0, count), (letter, i) => ({
    box: letter.repeat(8) as BoxId,
    name: `box${i + 1}`,
    peerId: `12D3${letter}`,
    addresses: ["127.0.0.1:8009"],
  }));
}

it.each([0, 1, BOXES_MAX])("a list of %i members is read as it was saved", (count) => {
  const file = join(tempFolder(), "members.json");
  saveMembers(file, members(count));
  expect(loadMembers(file)).toEqual(members(count));
});

it("a mesh into which two boxes let the last one at the same moment is remembered whole", () => {
  const file = join(tempFolder(), "members.json");
  saveMembers(file, members(BOXES_MAX + 1));
  expect(loadMembers(file)).toEqual(members(BOXES_MAX + 1));
});

it.each([
  ["that is missing", undefined],
  ["that is no JSON", "{"],
  ["without a list", '{"version":1}'],
  [
    "of more than can ever have been",
    JSON.stringify({ version: 1, members: encodeMembers(members(26)) }),
  ],
])("a file %s is lost, which keeps no box from starting", (_what, text) => {
  const file = join(tempFolder(), "members.json");
  if (text !== undefined) writeFileSync(file, text);
  expect(loadMembers(file)).toBeUndefined();
});

it("one that the disk does not read keeps no box from starting either", () => {
  const file = join(tempFolder(), "members.json");
  symlinkSync(UNREADABLE, file);
  expect(loadMembers(file)).toBeUndefined();
});
