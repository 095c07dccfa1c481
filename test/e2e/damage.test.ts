import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UNREADABLE } from "../support/unreadable.ts";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { BLOCK_BYTES, DAMAGE, inStore, spoilBlocks } from "./support/damage.ts";
import { download, Household } from "./support/household.ts";
import { Program } from "./support/program.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const middleOf = (file: string): number => Math.floor(statSync(file).size / 2);

const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  "cut off": (file) => DAMAGE.cut(file, middleOf(file)),
  zeroed: (file) => {
    const isLong = statSync(file).size > 3 * BLOCK_BYTES;
    DAMAGE.zeroed(file, isLong ? middleOf(file) : 0);
  },
  flipped: (file) => DAMAGE.flipped(file, middleOf(file)),
  deleted: (file) => DAMAGE.deleted(file, 0),
};

const FILES: Readonly<Record<string, (box: BoxProcess) => string>> = {
  log: (box) => inStore(box, /\.log$/),
  table: (box) => inStore(box, /\.ldb$/),
  manifest: (box) => inStore(box, /^MANIFEST/),
  CURRENT: (box) => inStore(box, /^CURRENT$/),
  mark: ({ home }) => join(home, "mark.json"),
  "list of members": ({ home }) => join(home, "members.json"),
};
const CASES = Object.keys(FILES).flatMap((file) =>
  Object.keys(DAMAGES).map((damage) => [file, damage] as const),
);

describe("a box with one damaged file (N=3)", () => {
  let mesh: TestMesh;
  let people: Household;
  let seen: unknown;
  beforeAll(async () => {
    mesh = await threeBoxes();
    people = await Household.make(mesh.urls);
    await mesh.untilWhole();
    await until("the picture is everywhere", () =>
      mesh.boxes.every((box) => people.isMediaOn(box)),
    );
    seen = await people.seenFrom(mesh.box(1).url);
  });
  afterAll(() => mesh.stop());

  it.each(CASES)("whose %s is %s serves all again", async (file, damage) => {
    const box = mesh.box(3);
    await box.stop();
    if (file === "table") {
      // A store that was just repaired has all in its log: a start moves it into a table.
      await box.start();
      await box.stop();
    }
    DAMAGES[damage]?.(FILES[file]?.(box) ?? "");
    await box.startUp();
    await until("the box serves its clients", () => box.answers());
    expect(await people.seenFrom(box.url)).toEqual(seen);
    expect((await box.control("status", {})).store.state).toBe("good");
    await mesh.untilWhole();
  });

  it("of whose list of boxes nothing can be read starts, and serves all again", async () => {
    const box = mesh.box(3);
    await box.stop();
    // A start moves what is in the log into a table.
    await box.start();
    await box.stop();
    expect(await spoilBlocks(join(box.home, "store"), "boxes\0")).toBeGreaterThan(0);
    await box.startUp();
    await until("the box serves its clients", () => box.answers());
    expect(await people.seenFrom(box.url)).toEqual(seen);
    await mesh.untilWhole();
  });

  it.each([
    ["with the mark of then", ["store", "mark.json"]],
    ["under the mark of today", ["store"]],
  ])("whose store was put back from an old copy, %s, has all again", async (_, names) => {
    const box = mesh.box(3);
    await box.stop();
    const old = mkdtempSync(join(tmpdir(), "hearth-old-copy-"));
    try {
      for (const name of names) cpSync(join(box.home, name), join(old, name), { recursive: true });
      await box.start();
      for (const text of ["one", "two", "three"])
        await people.alice.say(box.url, people.room, text);
      await mesh.untilWhole();
      await box.stop();
      seen = await people.seenFrom(mesh.box(1).url);
      for (const name of names) {
        rmSync(join(box.home, name), { recursive: true });
        cpSync(join(old, name), join(box.home, name), { recursive: true });
      }
    } finally {
      rmSync(old, { recursive: true });
    }
    await box.startUp();
    await until("the box serves its clients", () => box.answers());
    await mesh.untilWhole();
    expect(await people.seenFrom(box.url)).toEqual(seen);
    // What it writes now must not take the numbers of what it has forgotten.
    await people.alice.say(box.url, people.room, "after that");
    await mesh.untilWhole();
    seen = await people.seenFrom(box.url);
    expect(await people.seenFrom(mesh.box(1).url)).toEqual(seen);
  });

  it.each(Object.keys(DAMAGES))(
    "whose copy of a picture is %s shows it all the same",
    async (damage) => {
      const box = mesh.box(3);
      const hash = createHash("sha256").update(people.media.bytes).digest("hex");
      const file = join(box.home, "media", hash.slice(0, 2), hash.slice(2, 4), hash);
      DAMAGES[damage]?.(file);
      await until("it has the picture again", async () => {
        const bytes = await download(box.url, people.alice, people.media.uri).catch(
          () => undefined,
        );
        return bytes !== undefined && people.media.bytes.length === bytes.length;
      });
      const bytes = await download(box.url, people.alice, people.media.uri);
      expect(Buffer.from(bytes).equals(people.media.bytes)).toBe(true);
    },
  );

  it.each([
    [
      ["log", "zeroed"],
      ["CURRENT", "deleted"],
      ["table", "flipped"],
    ],
    [
      ["table", "cut off"],
      ["log", "deleted"],
      ["manifest", "zeroed"],
    ],
  ])("serves all again when the others are damaged too: %j, %j, %j", async (...damages) => {
    await Promise.all(mesh.boxes.map((box) => box.stop()));
    // A start moves what is in the log into a table.
    await Promise.all(mesh.boxes.map((box) => box.startUp()));
    await Promise.all(mesh.boxes.map((box) => box.stop()));
    mesh.boxes.forEach((box, i) => {
      const [file = "", damage = ""] = damages[i] ?? [];
      DAMAGES[damage]?.(FILES[file]?.(box) ?? "");
    });
    await Promise.all(mesh.boxes.map((box) => box.startUp()));
    await until("all boxes serve their clients", async () =>
      (await Promise.all(mesh.boxes.map((box) => box.answers()))).every(Boolean),
    );
    await mesh.untilWhole();
    for (const box of mesh.boxes) expect(await people.seenFrom(box.url)).toEqual(seen);
  });

  // A shorter mesh.yaml is a whole one that says less.
  it.each([
    ["secrets.json", "cut off"],
    ["secrets.json", "zeroed"],
    ["secrets.json", "deleted"],
    ["mesh.yaml", "zeroed"],
    ["mesh.yaml", "deleted"],
  ])("whose %s is %s does not start, and says why until it is back", async (name, damage) => {
    const box = mesh.box(3);
    await box.stop();
    const file = join(box.home, name);
    const whole = readFileSync(file);
    DAMAGES[damage]?.(file);
    const refused = new Program("meshd", ["--home", box.home]);
    expect(await refused.ended()).toEqual({ code: 2, signal: null });
    expect(refused.stderr).toContain(name);
    writeFileSync(file, whole);
  });

  it.each(["secrets.json", "mesh.yaml"])(
    "whose disk does not read %s ends as one that is to be started again",
    async (name) => {
      const box = mesh.box(3);
      await box.stop();
      const file = join(box.home, name);
      renameSync(file, `${file}.kept`);
      symlinkSync(UNREADABLE, file);
      const failed = new Program("meshd", ["--home", box.home]);
      expect(await failed.ended()).toEqual({ code: 1, signal: null });
      renameSync(`${file}.kept`, file);
    },
  );

  it("starts with them again", async () => {
    const box = mesh.box(3);
    await box.start();
    expect(await people.seenFrom(box.url)).toEqual(seen);
  });
});
