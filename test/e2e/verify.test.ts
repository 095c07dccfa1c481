import { execFile } from "node:child_process";
import { join } from "node:path";
import { Level } from "level";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { roomState } from "../../core/tables.ts";
import { encodeKey } from "../../mesh/store/keys.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { Household } from "./support/household.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..");

interface Outcome {
  readonly code: number;
  readonly text: string;
}

/** The real command line, as the owner runs it. */
function meshctl(box: BoxProcess, ...words: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const command = ["bin/meshctl.ts", "--home", box.home, ...words];
    execFile(process.execPath, command, { cwd: REPOSITORY }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), text: stdout + stderr });
    });
  });
}

/** What nobody but a broken disk or a defect does: a row that follows from no transaction. */
async function changeRow(box: BoxProcess, key: string, value: string): Promise<void> {
  const db = new Level<string, string>(join(box.home, "store"));
  await db.put(key, value);
  await db.close();
}

describe("meshctl verify (N=3)", () => {
  let mesh: TestMesh;
  let people: Household;
  beforeAll(async () => {
    mesh = await threeBoxes();
    people = await Household.make(mesh.urls);
    await mesh.untilWhole();
  });
  afterAll(() => mesh.stop());

  it("finds the boxes equal after people used all of them", async () => {
    for (const box of mesh.boxes) {
      const { code, text } = await meshctl(box, "verify");
      expect(text).toMatch(/^Equal: box\d, box\d and box\d have the same data\./);
      expect(code).toBe(0);
    }
  });

  it("finds them equal while people write, but for the row of a room in which all do", async () => {
    let writing = true;
    const writers = [...mesh.urls, ...mesh.urls].map(async (url, i) => {
      for (let n = 0; writing; n++) await people.alice.say(url, people.room, `${i} ${n}`);
    });
    const { code, text } = await meshctl(mesh.box(2), "verify");
    writing = false;
    await Promise.all(writers);
    expect(text.replaceAll("\n", " ")).toMatch(
      /^Equal: box1, box2 and box3 have the same data(, apart from 1 row that people were writing)?\. /,
    );
    const named = text.match(/^ .*$/gm) ?? [];
    expect([[], [`  rooms: ${people.room} (Kitchen)`]]).toContainEqual(named);
    expect(code).toBe(0);
  });

  it("names a row that one box has wrong, and the cure that it names makes it whole", async () => {
    const box = mesh.box(3);
    const key = encodeKey(roomState, [people.room as never, "m.room.topic", ""]);
    await box.stop();
    await changeRow(box, key, '"$somebody-changed-this"');
    await box.start();
    await mesh.untilWhole();
    const { code, text } = await meshctl(mesh.box(1), "verify");
    expect(text).toContain("NOT EQUAL: 1 row differs between box1, box2 and box3.");
    expect(text).toContain("current state of rooms:");
    expect(text).toContain(people.room);
    expect(text).toContain("(Kitchen), m.room.topic");
    expect(text).toContain("box1, box2: the same; box3: another value");
    expect(text).toContain("box3 stands alone, so refill it");
    expect(code).toBe(1);

    expect(await meshctl(box, "refill")).toMatchObject({
      code: 1,
      text: expect.stringContaining("already runs"),
    });
    await box.stop();
    expect((await meshctl(box, "refill")).code).toBe(0);
    await box.start();
    await mesh.untilWhole();
    const again = await meshctl(mesh.box(1), "verify");
    expect(again.text).toMatch(/^Equal/);
    expect(again.code).toBe(0);
  });

  it("does not call boxes equal that it could not ask", async () => {
    await mesh.box(2).stop();
    await mesh.untilLinked(mesh.box(1), 1);
    const { code, text } = await meshctl(mesh.box(1), "verify");
    expect(text).toContain("As far as compared, box1 and box3 have the same data.");
    expect(text).toContain("box2: it is not connected.");
    expect(code).toBe(2);
    await mesh.box(3).stop();
    await mesh.box(1).stop();
    expect(await meshctl(mesh.box(1), "verify")).toMatchObject({
      code: 2,
      text: expect.stringContaining("does not run"),
    });
  });
});
