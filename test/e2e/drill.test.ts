import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { TestUser, textsOf } from "./support/client.ts";
import { Program } from "./support/program.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const meshctl = (box: BoxProcess, ...words: string[]): Program =>
  new Program("meshctl", ["--home", box.home, ...words]);

async function isAlone(box: BoxProcess): Promise<boolean> {
  return (await box.control("status", {})).isolated_until !== null;
}

describe("meshctl drill (N=3)", () => {
  let mesh: TestMesh;
  let alice: TestUser;
  let room: string;
  beforeAll(async () => {
    mesh = await threeBoxes();
    alice = await TestUser.register(mesh.box(1).url, "alice");
    room = await alice.createRoom(mesh.box(1).url);
    await mesh.untilWhole();
  });
  afterAll(() => mesh.stop());

  it("cuts its own box off, brings it back at Ctrl-C, and finds that nothing was lost", async () => {
    const [one, two] = [mesh.box(1), mesh.box(2)];
    const drill = meshctl(one, "drill", "--yes", "--minutes", "10");
    await until("box1 is cut off", () => isAlone(one));
    await until("box2 has noticed", async () => {
      const { boxes } = await two.control("status", {});
      return boxes.some(({ name, up }) => name === "box1" && !up);
    });
    await alice.say(one.url, room, "alone on box1");
    await alice.say(two.url, room, "on the other side");
    drill.child.kill("SIGINT");
    const { code } = await drill.ended();
    expect(drill.stdout).toContain("box1, for");
    expect(drill.stdout).toContain("(ended early)");
    expect(drill.stdout).toMatch(/compared +equal/);
    expect(drill.stdout).toContain("PASSED");
    expect(code).toBe(0);
    for (const url of mesh.urls) {
      const texts = textsOf(await alice.history(url, room));
      expect(texts).toEqual(expect.arrayContaining(["alone on box1", "on the other side"]));
    }
  });

  it("leaves no box cut off when it is killed, or the box restarts", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    const drill = meshctl(one, "drill", "box3", "--yes", "--minutes", "10");
    await until("box3 is cut off", () => isAlone(three));
    await drill.stop("SIGKILL");
    await three.stop();
    await three.start();
    await mesh.untilWhole();
    // Nobody is there to end this one.
    expect(await one.control("drill.start", { box: "box2", duration_s: 3 })).toMatchObject({
      name: "box2",
    });
    await until("box2 is cut off", () => isAlone(two));
    await until("box2 has come back", async () => !(await isAlone(two)));
    await mesh.untilWhole();
  });

  it("does not begin while a box is away", async () => {
    await mesh.box(2).stop();
    await mesh.untilLinked(mesh.box(1), 1);
    const drill = meshctl(mesh.box(1), "drill", "--yes");
    const { code } = await drill.ended();
    expect(drill.stderr).toContain("Not now: box2 is not connected.");
    expect(code).toBe(1);
  });
});
