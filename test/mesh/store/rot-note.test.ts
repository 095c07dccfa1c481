import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRotNote, writeRotNote } from "../../../mesh/store/rot-note.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const NOTE = { store: "s1", what: "table 000005 is gone", foundMs: 5 };

test("a note of rot is there again, and a damaged one is none", async () => {
  const home = tempFolder();
  expect(await readRotNote(home)).toBeUndefined();
  for (const note of [NOTE, { ...NOTE, triedMs: 6, mendedMs: 7 }]) {
    await writeRotNote(home, note);
    expect(await readRotNote(home)).toEqual(note);
  }
  const [name = ""] = readdirSync(home);
  for (const text of ["", "{", "[]", '{"store":"s1"}', " ".repeat(20_000)]) {
    writeFileSync(join(home, name), text);
    expect(await readRotNote(home)).toBeUndefined();
  }
});
