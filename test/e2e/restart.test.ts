import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textsOf } from "./support/client.ts";
import { Household } from "./support/household.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

describe("boxes that all restart (N=3)", () => {
  let mesh: TestMesh;
  let people: Household;
  let seen: unknown;
  beforeAll(async () => {
    mesh = await threeBoxes();
    people = await Household.make(mesh.urls);
    seen = await people.seenFrom(mesh.box(1).url);
  });
  afterAll(() => mesh.stop());

  it("every box shows everything, also after all were stopped and started in another order", async () => {
    for (const url of mesh.urls) expect(await people.seenFrom(url)).toEqual(seen);
    await Promise.all(mesh.boxes.map((box) => box.stop()));
    for (const box of mesh.boxes.toReversed()) await box.start();
    await mesh.untilWhole();
    for (const url of mesh.urls) expect(await people.seenFrom(url)).toEqual(seen);
  });

  it("all boxes lose their power at once in the middle of writing, and lose nothing that was taken", async () => {
    const { alice, room } = people;
    const taken: string[] = [];
    let killed: Promise<unknown> | undefined;
    const writers = mesh.boxes.map(async ({ url }, writer) => {
      for (let i = 0; killed === undefined; i++) {
        const text = `writer ${writer} message ${i}`;
        try {
          await alice.ask("PUT", url, sendPath(room, text), { msgtype: "m.text", body: text });
        } catch {
          return;
        }
        taken.push(text);
        if (taken.length === 60) killed = Promise.all(mesh.boxes.map((box) => box.kill()));
      }
    });
    await Promise.all(writers);
    await killed;
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    await two.start();
    await Promise.all([one.start(), three.start()]);
    await mesh.untilWhole();
    const texts = textsOf(await alice.history(one.url, room));
    expect(texts).toEqual(expect.arrayContaining(taken));
    expect(new Set(texts).size).toBe(texts.length);
    seen = await people.seenFrom(one.url);
    for (const url of mesh.urls) expect(await people.seenFrom(url)).toEqual(seen);
  });
});

function sendPath(room: string, text: string): string {
  return `/rooms/${encodeURIComponent(room)}/send/m.room.message/${encodeURIComponent(text)}`;
}
