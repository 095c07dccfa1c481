import { readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { TestUser, call, textsOf } from "./support/client.ts";
import { BLOCK_BYTES, DAMAGE, inStore } from "./support/damage.ts";
import { Household } from "./support/household.ts";
import { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

/** LevelDB's log, in which what was written last still is. */
function logOf(box: BoxProcess): string {
  return inStore(box, /\.log$/);
}

function zeroTheMiddle(box: BoxProcess): void {
  const file = logOf(box);
  const { size } = statSync(file);
  expect(size).toBeGreaterThan(2 * BLOCK_BYTES);
  DAMAGE.zeroed(file, Math.floor(size / 2));
}

const DAMAGES: [string, (box: BoxProcess) => void][] = [
  ["lost its CURRENT file", (box) => rmSync(join(box.home, "store", "CURRENT"))],
  ["has a block of zeros in its log", zeroTheMiddle],
  ["has an empty log", (box) => truncateSync(logOf(box), 0)],
  ["is gone", (box) => rmSync(join(box.home, "store"), { recursive: true })],
];

describe("a box whose store is damaged (N=3)", () => {
  let mesh: TestMesh;
  let people: Household;
  beforeAll(async () => {
    mesh = await threeBoxes();
    people = await Household.make(mesh.urls);
  });
  afterAll(() => mesh.stop());

  it.each(DAMAGES)("whose store %s is whole again by itself, and says so", async (_, damage) => {
    const box = mesh.box(3);
    await box.stop();
    damage(box);
    await people.alice.say(mesh.box(1).url, people.room, `while box3 was away ${_}`);
    const seen = await people.seenFrom(mesh.box(1).url);
    const started = box.startUp();
    const answers: (string | number)[] = [];
    await until("the box serves its clients", async () => {
      const answer = await joinedRooms(people.alice, box.url);
      answers.push(answer);
      return answer === 200;
    });
    await started;
    // Never a wrong answer on the way: no box, or none that is ready.
    expect(new Set(answers.slice(0, -1)).difference(new Set(["none", 503]))).toEqual(new Set());
    expect(await people.seenFrom(box.url)).toEqual(seen);
    const { store } = await box.control("status", {});
    expect(store).toMatchObject({ state: "good", note: expect.stringMatching(/^repaired: ./) });
    await mesh.untilWhole();
    expect(readdirSync(box.home).filter((name) => name.includes("damaged"))).toEqual([]);
  });

  it("a box that lost everything answers nobody before it has met another one", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    const seen = await people.seenFrom(one.url);
    await Promise.all(mesh.boxes.map((box) => box.stop()));
    rmSync(join(three.home, "store"), { recursive: true });
    await three.startUp();
    expect((await three.control("status", {})).store).toEqual({
      state: "repairing",
      note: "waiting for a box that has the data, since there is nothing on its own disk",
    });
    for (const path of ["/_matrix/client/v3/joined_rooms", "/_matrix/client/v3/login"]) {
      const reply = await call("GET", three.url + path, { token: people.alice.token });
      expect(reply).toMatchObject({ status: 503, body: { errcode: "M_UNKNOWN" } });
    }
    // Stopped in the middle of it, it is still not the truth that it has.
    await three.kill();
    await three.startUp();
    expect(await joinedRooms(people.alice, three.url)).toBe(503);
    await Promise.all([one.start(), two.start()]);
    await until("box3 serves its clients", () => three.answers());
    expect(await people.seenFrom(three.url)).toEqual(seen);
  });
});

describe("the only box there is, with a torn store (N=1)", () => {
  it("serves what could be read of it, and says that it is not all", async () => {
    const mesh = await TestMesh.start({ boxes: 1 });
    try {
      const box = mesh.box(1);
      const alice = await TestUser.register(box.url, "alice");
      const room = await alice.createRoom(box.url);
      const sent = Array.from({ length: 40 }, (_, i) => `message ${i}`);
      for (const text of sent) await alice.say(box.url, room, text);
      await box.stop();
      zeroTheMiddle(box);
      await box.start();
      const left = textsOf(await alice.history(box.url, room));
      expect(sent).toEqual(expect.arrayContaining(left));
      expect(left.length).toBeLessThan(sent.length);
      const { store } = await box.control("status", {});
      expect(store).toMatchObject({ state: "good", note: expect.stringMatching(/^repaired: ./) });
      await alice.say(box.url, room, "and life goes on");
      await box.stop();
      await box.start();
      expect(textsOf(await alice.history(box.url, room))).toEqual([...left, "and life goes on"]);
    } finally {
      await mesh.stop();
    }
  });
});

/** The status of an answer that needs the data of the box; 200 counts only with the right answer. */
async function joinedRooms(user: TestUser, url: string): Promise<number | "none" | "wrong"> {
  let reply;
  try {
    reply = await user.request("GET", url, "/joined_rooms");
  } catch {
    return "none";
  }
  if (reply.status !== 200) return reply.status;
  return (reply.body["joined_rooms"] as unknown as string[]).length === 1 ? 200 : "wrong";
}
