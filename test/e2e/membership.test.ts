import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JoinRequest } from "../../bin/meshctl/join-home.ts";
import { joinHome } from "../../bin/meshctl/join-home.ts";
import { requestJoinOverMesh } from "../../bin/meshctl/request-join.ts";
import { until } from "./support/box-process.ts";
import { TestUser, textsOf } from "./support/client.ts";
import { Household } from "./support/household.ts";
import { meshctl } from "./support/program.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

/** The power goes when the box was let in, before it knows. */
async function joinInVain(home: string, code: string, name: string): Promise<void> {
  const requestJoin = async (request: JoinRequest): Promise<never> => {
    await requestJoinOverMesh(request);
    throw new Error("the power goes");
  };
  const about = { home, code, name, addresses: [], config: {} };
  await expect(joinHome(about, { requestJoin, random: randomBytes })).rejects.toThrow("power");
}

describe("boxes that join and go (N=3, then 5)", () => {
  let mesh: TestMesh;
  let people: Household;
  let seen: unknown;
  beforeAll(async () => {
    mesh = await threeBoxes();
    people = await Household.make(mesh.urls);
    seen = await people.seenFrom(mesh.box(1).url);
  });
  afterAll(() => mesh.stop());

  it("refuses codes that are mistyped, cut short, expired or none, and names that are taken", async () => {
    const { code } = await mesh.box(1).control("invite", { ttl_s: 60 });
    const home = join(mesh.folder, "nobody");
    const at = code.length - 20;
    const typo = code.slice(0, at) + (code[at] === "a" ? "b" : "a") + code.slice(at + 1);
    const attempts: [string, string, RegExp][] = [
      [typo, "kitchen", /a mistake in it/],
      [code.slice(0, -5), "kitchen", /missing|short|whole|cut/i],
      ["what", "kitchen", /invitation/i],
    ];
    for (const [text, name, why] of attempts) {
      const refused = await meshctl(home, "join", text, "--name", name);
      expect(refused.code).toBe(1);
      expect(refused.json).toMatchObject({ error: { message: expect.stringMatching(why) } });
    }
    const { code: brief, expires_at: end } = await mesh.box(1).control("invite", { ttl_s: 1 });
    await until("the code has expired", () => Date.now() > end);
    const late = await meshctl(home, "join", brief, "--name", "kitchen");
    expect(late).toMatchObject({
      code: 1,
      json: { error: { message: expect.stringMatching(/expired/) } },
    });
    const { boxes } = await mesh.box(2).control("box.list", {});
    expect(boxes.map(({ name }) => name)).not.toContain("kitchen");
  });

  it("a fourth box joins by an invitation that works once, again where its answer is lost, and holds everything, alone too", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    const { code } = await one.control("invite", { ttl_s: 60 });
    const other = join(mesh.folder, "other");
    const taken = await meshctl(other, "join", code, "--name", "box2");
    expect(taken.json).toMatchObject({
      error: { message: "There is a box named box2 already." },
    });
    await joinInVain(join(mesh.folder, "box4"), code, "box4");
    await until("the others count it in", async () => {
      return (await three.control("box.list", {})).boxes.length === 4;
    });
    const four = await mesh.addBox(code);
    await mesh.untilWhole();
    const again = await meshctl(other, "join", code, "--name", "again");
    expect(again.code).toBe(1);
    expect(again.json).toMatchObject({
      error: { message: expect.stringMatching(/used already/) },
    });
    expect((await three.control("box.list", {})).boxes).toHaveLength(4);

    await until("the media is copied", () => people.isMediaOn(four));
    await Promise.all([one, two, three].map((box) => box.stop()));
    expect(await people.seenFrom(four.url)).toEqual(seen);
    const bob = await TestUser.logIn(four.url, "bob");
    await bob.say(four.url, people.room, "all by myself");
    await Promise.all([one, two, three].map((box) => box.start()));
    await mesh.untilWhole();
    for (const { url } of [one, two, three]) {
      expect(textsOf(await bob.history(url, people.room))).toContain("all by myself");
    }
  });

  it("a removed box is cut off at once, and sends its clients away, also after a restart", async () => {
    const four = mesh.box(4);
    const rest = mesh.boxes.slice(0, 3);
    await mesh.box(1).control("box.remove", { box: "box4", force: false });
    await mesh.untilWhole(rest);
    const isOut = async (): Promise<boolean> => {
      const { boxes, removed } = await four.control("status", {});
      return removed && boxes.filter(({ up }) => up).length === 1;
    };
    await until("box4 knows that it is out", isOut);
    const turnedAway = { status: 503, body: { error: expect.stringMatching(/was removed/) } };
    const ask = () => people.alice.request("GET", four.url, "/joined_rooms");
    expect(await ask()).toMatchObject(turnedAway);
    await four.stop();
    await four.startUp();
    expect(await isOut()).toBe(true);
    expect(await ask()).toMatchObject(turnedAway);
  });

  it("a box that was away when it was removed is not let in again, however often it dials", async () => {
    const five = await mesh.addBox();
    const rest = mesh.boxes.slice(0, 3);
    await five.stop();
    await mesh.box(2).control("box.remove", { box: "box5", force: false });
    await mesh.untilWhole(rest);
    await five.start();
    const refusals = (): number => five.logged("dial failed");
    const before = refusals();
    await until("its dials were refused", () => refusals() > before + 2);
    const { boxes: seenByIt } = await five.control("status", {});
    expect(seenByIt.filter(({ up }) => up)).toMatchObject([{ name: "box5" }]);
    for (const box of rest) {
      const { boxes } = await box.control("box.list", {});
      expect(boxes.map(({ name }) => name).toSorted()).toEqual(["box1", "box2", "box3"]);
    }
    await people.alice.say(mesh.box(2).url, people.room, "without box5");
    await mesh.untilWhole(rest);
  });

  it("a box that is cut off does not remove the others, unless its owner insists", async () => {
    const [one, two] = [mesh.box(1), mesh.box(2)];
    await one.control("drill.isolate", { duration_s: 300 });
    await mesh.untilLinked(one, 0);
    const remove = (force: boolean) => one.control("box.remove", { box: "box3", force });
    await expect(remove(false)).rejects.toThrow(/Only 1 of 3 boxes are connected/);
    expect((await two.control("box.list", {})).boxes).toHaveLength(3);
    expect(await remove(true)).toMatchObject({ name: "box3" });
    await one.control("drill.heal", {});
    await mesh.untilWhole([one, two]);
  });
});
