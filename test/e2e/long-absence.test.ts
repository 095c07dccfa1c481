import { readdirSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { TestUser, textsOf } from "./support/client.ts";
import { BLOCK_BYTES, DAMAGE, inStore } from "./support/damage.ts";
import { Household } from "./support/household.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

/** So little is kept that a few dozen messages are a long absence. */
const SCARCE = { "mesh.journal_keep": 20, "mesh.journal_held": 40 };
const MESSAGES = 120;
/** The journal is looked at every ten seconds. */
const CUT_WAIT_MS = 30_000;
const COPY_WAIT_MS = 40_000;
const LONG_TEST_MS = 120_000;

const STARTS_AGAIN = "starting again on a copy of another box's store";

const numbered = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${what} ${i}`);

async function entriesOn(box: BoxProcess): Promise<number> {
  return (await box.control("status", {})).journal.entries;
}

describe("a mesh that keeps little of its journals (N=3, then 4)", () => {
  let mesh: TestMesh;
  let people: Household;
  beforeAll(async () => {
    mesh = await threeBoxes({ config: SCARCE });
    people = await Household.make(mesh.urls);
  });
  afterAll(() => mesh.stop());

  const say = async (box: BoxProcess, texts: readonly string[]): Promise<void> => {
    for (const text of texts) await people.alice.say(box.url, people.room, text);
  };
  const untilCut = (box: BoxProcess): Promise<void> =>
    until(
      `${box.name} has cut its journal`,
      async () => (await entriesOn(box)) <= SCARCE["mesh.journal_held"] * 1.25,
      CUT_WAIT_MS,
    );
  /** Runs something, after which the box copies another one and serves on what it copied. */
  const copies = async (box: BoxProcess, run: () => Promise<void>): Promise<void> => {
    const before = box.logged(STARTS_AGAIN);
    await run();
    const hasCopied = (): boolean => box.logged(STARTS_AGAIN) > before;
    await until(`${box.name} starts again on a copy`, hasCopied, COPY_WAIT_MS);
    await until(`${box.name} serves its clients`, () => box.answers(), COPY_WAIT_MS);
  };

  it(
    "a box that was away for too long copies everything, and what only it had reaches all",
    { timeout: LONG_TEST_MS },
    async () => {
      const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
      await three.control("drill.isolate", { duration_s: 600 });
      await mesh.untilLinked(three, 0);
      const own = numbered("only box3 has", 5);
      await say(three, own);
      await three.kill();
      await say(one, numbered("while box3 was away", MESSAGES));
      await untilCut(one);
      await untilCut(two);
      await copies(three, () => three.startUp());
      await mesh.untilWhole();
      const seen = await people.seenFrom(one.url);
      expect(await people.seenFrom(three.url)).toEqual(seen);
      const texts = textsOf(await people.alice.history(two.url, people.room));
      expect(texts).toEqual(
        expect.arrayContaining([...own, `while box3 was away ${MESSAGES - 1}`]),
      );
      await say(three, ["box3 is back"]);
      await mesh.untilWhole();
      expect(textsOf(await people.bob.history(one.url, people.room))).toContain("box3 is back");
    },
  );

  it(
    "a box whose store was damaged copies the rest, and what only its remains had reaches all",
    { timeout: LONG_TEST_MS },
    async () => {
      const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
      await Promise.all([one.stop(), two.stop()]);
      const own = numbered("only the remains have", 5);
      await say(three, own);
      await three.stop();
      damageTable(three);
      await Promise.all([one.start(), two.start()]);
      await say(one, numbered("while box3 was broken", MESSAGES));
      await untilCut(one);
      await copies(three, async () => {
        await three.startUp();
        expect((await three.control("status", {})).store.state).toBe("repairing");
      });
      await mesh.untilWhole();
      expect(await people.seenFrom(three.url)).toEqual(await people.seenFrom(two.url));
      const texts = textsOf(await people.alice.history(two.url, people.room));
      expect(texts).toEqual(expect.arrayContaining(own));
      expect(readdirSync(three.home).filter((name) => name.startsWith("store"))).toEqual(["store"]);
    },
  );

  it("a new box copies everything, and holds it alone too", { timeout: LONG_TEST_MS }, async () => {
    const four = await mesh.addBox();
    await mesh.untilWhole();
    expect(four.logged(STARTS_AGAIN)).toBe(1);
    const seen = await people.seenFrom(mesh.box(1).url);
    await until("the media is copied", () => people.isMediaOn(four));
    await Promise.all(mesh.boxes.slice(0, 3).map((box) => box.stop()));
    expect(await people.seenFrom(four.url)).toEqual(seen);
    const bob = await TestUser.logIn(four.url, "bob");
    await bob.say(four.url, people.room, "all by myself");
    await Promise.all(mesh.boxes.slice(0, 3).map((box) => box.start()));
    await mesh.untilWhole();
    const texts = textsOf(await bob.history(mesh.box(2).url, people.room));
    expect(texts).toContain("all by myself");
  });
});

/** A block of its largest table file is zeros, and its head file is gone. */
function damageTable(box: BoxProcess): void {
  const table = inStore(box, /\.ldb$/);
  const { size } = statSync(table);
  expect(size).toBeGreaterThan(2 * BLOCK_BYTES);
  DAMAGE.zeroed(table, Math.floor(size / 2));
  DAMAGE.deleted(inStore(box, /^CURRENT$/), 0);
}
