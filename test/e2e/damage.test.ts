import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { download, Household } from "./support/household.ts";
import { Program } from "./support/program.ts";
import { TestMesh } from "./support/test-mesh.ts";

/** The unit in which flash storage loses data, bytes. */
const BLOCK_BYTES = 4096;

type Damage = (file: string) => void;

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

const DAMAGES: Readonly<Record<string, Damage>> = {
  "cut off": (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  zeroed: (file) => {
    const { size } = statSync(file);
    const at = size > 3 * BLOCK_BYTES ? Math.floor(size / 2) : 0;
    overwrite(file, at, Buffer.alloc(Math.min(BLOCK_BYTES, size - at)));
  },
  flipped: (file) => {
    const at = Math.floor(statSync(file).size / 2);
    overwrite(file, at, Buffer.of((readFileSync(file)[at] ?? 0) ^ 0x10));
  },
  deleted: (file) => rmSync(file),
};

/** The largest file of a kind in the store. */
function inStore({ home }: BoxProcess, kind: RegExp): string {
  const store = join(home, "store");
  const sizeOf = (name: string): number => statSync(join(store, name)).size;
  const names = readdirSync(store).filter((name) => kind.test(name));
  const [largest] = names.toSorted((a, b) => sizeOf(b) - sizeOf(a));
  if (largest === undefined) throw new Error(`there is no ${kind} in ${store}`);
  return join(store, largest);
}

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
    mesh = await TestMesh.start();
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

  it("starts with them again", async () => {
    const box = mesh.box(3);
    await box.start();
    expect(await people.seenFrom(box.url)).toEqual(seen);
  });
});
