import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestUser, textsOf, timelineOf } from "./support/client.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const MESSAGES = 200;

describe("a box that loses its power while people write (N=3)", () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await threeBoxes();
  });
  afterAll(() => mesh.stop());

  it("loses no message and repeats none, on any box, in /sync and in /messages", async () => {
    const alice = await TestUser.register(mesh.box(1).url, "alice");
    const room = await alice.createRoom(mesh.box(1).url);
    const sent = Array.from({ length: MESSAGES }, (_, i) => `message ${i}`);
    let killed: Promise<void> | undefined;
    for (const [i, text] of sent.entries()) {
      if (i === MESSAGES / 4) killed = mesh.box(1).kill();
      if (i === MESSAGES / 2) await killed?.then(() => mesh.box(1).start());
      const turn = i % mesh.urls.length;
      const urls = [...mesh.urls.slice(turn), ...mesh.urls.slice(0, turn)];
      await alice.sayAnywhere(urls, room, text);
    }
    await mesh.untilWhole();
    for (const url of mesh.urls) {
      expect(textsOf(await alice.history(url, room)).toSorted()).toEqual(sent.toSorted());
      const synced = await alice.sync(url, undefined, 0, {
        room: { timeline: { limit: MESSAGES * 2 } },
      });
      expect(textsOf(timelineOf(synced, room)).toSorted()).toEqual(sent.toSorted());
    }
  });
});
