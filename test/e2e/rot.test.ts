import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import { BLOCK_BYTES, DAMAGE, inStore } from "./support/damage.ts";
import { Household } from "./support/household.ts";
import { Program } from "./support/program.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

/** The disk is read all the time, and as fast as it can be. */
const EAGER = { "scrub.every_s": 1, "scrub.bytes_per_s": 1_000_000_000 };
const STARTS_AGAIN = "starting again on a copy of another box's store";
/** What a box says that is just starting again. */
const NOTHING = { store: undefined, scrub: undefined };
const REPAIR_WAIT_MS = 40_000;

async function ask(home: string, ...verb: string[]): Promise<string> {
  const program = new Program("meshctl", ["--home", home, ...verb]);
  await program.ended();
  return program.stdout;
}

describe("a card that rots while its box runs (N=3)", () => {
  let mesh: TestMesh;
  let people: Household;
  beforeAll(async () => {
    mesh = await threeBoxes({ config: EAGER });
    people = await Household.make(mesh.urls);
    await mesh.untilWhole();
    for (const box of mesh.boxes.slice(1)) {
      // A start moves what is in the log into a table.
      await box.stop();
      await box.start();
    }
    await mesh.untilWhole();
  });
  afterAll(() => mesh.stop());

  it("the box finds it though nobody reads it, and mends it from another one", async () => {
    const [one, , three] = mesh.boxes;
    if (!one || !three) throw new Error("there are three boxes");
    const seen = await people.seenFrom(one.url);
    const table = inStore(three, /\.ldb$/);
    expect(statSync(table).size).toBeGreaterThan(2 * BLOCK_BYTES);
    DAMAGE.flipped(table, Math.floor(statSync(table).size / 2));
    await until("it restarts on a copy", () => three.logged(STARTS_AGAIN) > 0, REPAIR_WAIT_MS);
    await until("it serves its clients", () => three.answers(), REPAIR_WAIT_MS);
    await mesh.untilWhole();
    expect(await people.seenFrom(three.url)).toEqual(seen);
    const { store, scrub } = await three.control("status", {});
    expect(store.state).toBe("good");
    expect(scrub.mended?.what).toMatch(/^table \d{6} has a block .* does not match its checksum$/);
    expect(await ask(three.home, "status")).toMatch(/Disk: table \d{6} .*\n.*mended/);
    expect(await ask(one.home, "verify")).toMatch(/^Equal: /);
    await people.alice.say(three.url, people.room, "on a new store");
    await mesh.untilWhole();
    expect(three.logged(STARTS_AGAIN)).toBe(1);
  });

  it("a box that dies of what it reads is up again after some tries, and mended", async () => {
    const [one, two] = mesh.boxes;
    if (!one || !two) throw new Error("there are three boxes");
    const seen = await people.seenFrom(one.url);
    await two.stop();
    // As three sudden ends leave it.
    writeFileSync(join(two.home, "starts"), "3\n");
    const table = inStore(two, /\.ldb$/);
    DAMAGE.zeroed(table, Math.floor(statSync(table).size / 2));
    await two.startUp();
    expect(two.logged("rotten blocks were marked as unreadable")).toBe(1);
    await until("it is mended", async () => {
      const { store, scrub } = await two.control("status", {}).catch(() => NOTHING);
      return store?.state === "good" && (scrub?.mended !== null || store.note !== "");
    });
    await until("it serves its clients", () => two.answers(), REPAIR_WAIT_MS);
    await mesh.untilWhole();
    expect(await people.seenFrom(two.url)).toEqual(seen);
  });
});
