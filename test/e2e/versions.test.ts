import { join } from "node:path";
import { Level } from "level";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { TestUser, textsOf } from "./support/client.ts";
import { OtherSoftware, NEW_FORMAT, NEW_KIND } from "./support/other-software.ts";
import { Program } from "./support/program.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

/** Keys under a prefix of the store of a box that does not run, and their values. */
async function rowsOf(box: BoxProcess, prefix: string): Promise<[string, string][]> {
  const db = new Level<string, string>(join(box.home, "store"));
  try {
    return await db.iterator({ gte: prefix, lt: `${prefix}\uffff` }).all();
  } finally {
    await db.close();
  }
}

/** What a box keeps of the new kind of record: applied, or for later. */
async function moodsIn(box: BoxProcess): Promise<{ applied: string[]; kept: string[] }> {
  await box.stop();
  const applied = (await rowsOf(box, "t/p\0mood\0")).map(([, text]) => text);
  const kept = (await rowsOf(box, "t/ur\0")).map(([, text]) => text);
  await box.start();
  return { applied, kept };
}

describe("two versions of the software in one mesh (N=3)", () => {
  const later = new OtherSoftware(NEW_KIND);
  const stillLater = new OtherSoftware([...NEW_KIND, ...NEW_FORMAT]);
  let mesh: TestMesh;
  let alice: TestUser;
  let room: string;
  beforeAll(async () => {
    mesh = await threeBoxes();
    alice = await TestUser.register(mesh.box(1).url, "alice");
    room = await alice.createRoom(mesh.box(1).url);
  });
  afterAll(async () => {
    await mesh.stop();
    later.remove();
    stillLater.remove();
  });

  async function changeVersion(box: BoxProcess, software: string): Promise<void> {
    await box.stop();
    box.software = software;
    await box.start();
    await mesh.untilWhole();
  }

  /** A message through each box is on all of them. */
  async function expectToWork(text: string): Promise<void> {
    for (const { url, name } of mesh.boxes) await alice.say(url, room, `${text} through ${name}`);
    await mesh.untilWhole();
    for (const { url } of mesh.boxes) {
      const texts = textsOf(await alice.history(url, room));
      for (const { name } of mesh.boxes) expect(texts).toContain(`${text} through ${name}`);
    }
  }

  const setMood = (url: string, mood: string): Promise<unknown> =>
    alice.ask("PUT", url, `/user/${encodeURIComponent(alice.id)}/account_data/org.example.mood`, {
      mood,
    });

  it("goes on with one box of a later version, whose records the others keep and pass on", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    await changeVersion(one, later.folder);
    await expectToWork("one box is newer");
    // The third box gets the record from the second alone.
    await three.stop();
    await setMood(one.url, "glad");
    await mesh.untilLinked(two, 1);
    await one.stop();
    await three.start();
    await until("box3 has what box2 has", async () => {
      const { boxes } = await two.control("status", {});
      return boxes.some(({ name, up, behind }) => name === "box3" && up && behind === 0);
    });
    for (const box of [three, two]) {
      const { applied, kept } = await moodsIn(box);
      expect(applied).toEqual([]);
      expect(kept).toEqual([expect.stringContaining("glad")]);
    }
    await one.start();
    await mesh.untilWhole();
    expect((await moodsIn(one)).kept).toEqual([]);
    expect((await moodsIn(one)).applied).toEqual([expect.stringContaining("glad")]);
  });

  it("has what the later version wrote on a box that is updated, and keeps it when that goes back", async () => {
    const three = mesh.box(3);
    const older = three.software;
    await changeVersion(three, later.folder);
    const updated = await moodsIn(three);
    expect(updated.kept).toEqual([]);
    expect(updated.applied).toEqual((await moodsIn(mesh.box(1))).applied);
    await expectToWork("two boxes are newer");

    await changeVersion(three, older);
    await setMood(mesh.box(1).url, "sad");
    await mesh.untilWhole();
    expect((await moodsIn(three)).kept).toEqual([expect.stringContaining("sad")]);
    await expectToWork("one went back");
    await changeVersion(three, later.folder);
    expect(await moodsIn(three)).toEqual(await moodsIn(mesh.box(1)));
  });

  it("leaves a store of a later format as it is, and says which version it needs", async () => {
    const three = mesh.box(3);
    await changeVersion(three, stillLater.folder);
    await expectToWork("one box has a new format");
    await three.stop();
    const before = await rowsOf(three, "");
    const refused = new Program("meshd", ["--home", three.home]);
    expect(await refused.ended()).toEqual({ code: 2, signal: null });
    expect(refused.stderr).toContain("written by a later version of Hearth (format 2");
    expect(await rowsOf(three, "")).toEqual(before);
    await three.start();
    await mesh.untilWhole();
    await expectToWork("it is back on the later version");
    await three.stop();
    expect(await rowsOf(three, "m/step")).toEqual([["m/step", "made"]]);
    await three.start();
  });
});
