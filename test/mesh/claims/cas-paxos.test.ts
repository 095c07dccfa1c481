import { expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { Prng } from "../../simulation/prng.ts";
import { ClaimingBoxes } from "./claiming-boxes.ts";

const NAME = "@alice:hearth.test";

test.each([1, 2, 3, 4, 5])("of %i boxes any gives a name away, once", async (count) => {
  const boxes = await new ClaimingBoxes(count).meet();
  expect(await boxes.outcomes([boxes.at(count - 1).claim("user", NAME, "one")])).toEqual([
    "granted",
  ]);
  expect(await boxes.outcomes([boxes.at(0).claim("user", NAME, "other")])).toEqual(["taken"]);
});

test("repeating a claim is no theft: the answer may have been lost", async () => {
  const boxes = await new ClaimingBoxes(3).meet();
  await boxes.outcomes([boxes.at(0).claim("user", NAME, "one")]);
  expect(await boxes.outcomes([boxes.at(2).claim("user", NAME, "one")])).toEqual(["granted"]);
});

test("rivals on all boxes at once: one has the name, and all know who", async () => {
  for (let i = 0; i < 20; i++) {
    const boxes = await new ClaimingBoxes(5, `rivals ${i}`).meet();
    const outcomes = await boxes.outcomes(
      boxes.claims.map((claims, n) => claims.claim("user", NAME, `value ${n}`)),
    );
    expect(outcomes.filter((outcome) => outcome === "granted").length).toBeLessThanOrEqual(1);
    const again = await boxes.outcomes(
      boxes.claims.map((claims, n) => claims.claim("user", NAME, `value ${n}`)),
    );
    expect(again.filter((outcome) => outcome === "granted").length).toBeLessThanOrEqual(1);
  }
});

test("user names and aliases are names of their own", async () => {
  const boxes = await new ClaimingBoxes(3).meet();
  await boxes.outcomes([boxes.at(0).claim("user", NAME, "one")]);
  expect(await boxes.outcomes([boxes.at(1).claim("alias", NAME, "other")])).toEqual(["granted"]);
});

test("a minority refuses and says why; the majority goes on, and the minority learns of it", async () => {
  const boxes = await new ClaimingBoxes(3).meet();
  boxes.cutOff(0);
  const failed = boxes.at(0).claim("user", NAME, "one");
  const said = failed.catch((error: Error) => error.message);
  expect(await boxes.outcomes([failed])).toEqual(["503"]);
  expect(await said).toContain("needs 2 of the 3 boxes");
  expect(await boxes.outcomes([boxes.at(1).claim("user", NAME, "other")])).toEqual(["granted"]);
  boxes.network.heal();
  await boxes.meet();
  expect(await boxes.outcomes([boxes.at(0).claim("user", NAME, "one")])).toEqual(["taken"]);
});

test("a box whose disk refuses has no vote, and the others do without it", async () => {
  const boxes = await new ClaimingBoxes(3).meet();
  for (const id of boxes.ids.slice(0, 1)) boxes.broken.add(id);
  expect(await boxes.outcomes([boxes.at(0).claim("user", NAME, "one")])).toEqual(["granted"]);
  for (const id of boxes.ids.slice(1, 2)) boxes.broken.add(id);
  expect(await boxes.outcomes([boxes.at(2).claim("user", "@bob:x", "one")])).toEqual(["503"]);
});

test("a name that is given up may be claimed by another, and only its owner gives it up", async () => {
  const boxes = await new ClaimingBoxes(3).meet();
  await boxes.outcomes([boxes.at(0).claim("alias", "#room:x", "one")]);
  await boxes.outcomes([boxes.at(1).release("alias", "#room:x", "other")]);
  expect(await boxes.outcomes([boxes.at(1).claim("alias", "#room:x", "other")])).toEqual(["taken"]);
  await boxes.outcomes([boxes.at(2).release("alias", "#room:x", "one")]);
  expect(await boxes.outcomes([boxes.at(1).claim("alias", "#room:x", "other")])).toEqual([
    "granted",
  ]);
});

test("a name that the replicated state knows is taken, though the registers never heard of it", async () => {
  const boxes = await new ClaimingBoxes(3).meet();
  for (const id of boxes.ids.slice(1, 2)) boxes.held.set(id, "account of old");
  expect(await boxes.outcomes([boxes.at(0).claim("user", NAME, "one")])).toEqual(["taken"]);
});

test("whatever the network does, no name ever has two owners", async () => {
  for (let i = 0; i < 25; i++) {
    const prng = new Prng(`weather ${i}`);
    const boxes = await new ClaimingBoxes(prng.pick([3, 4, 5]), `two owners ${i}`).meet();
    const claims: Promise<unknown>[] = [];
    for (let n = 0; n < 12; n++) {
      const [from, to] = [prng.pick(boxes.ids), prng.pick(boxes.ids)];
      if (prng.chance(0.5)) boxes.network.block(from, to);
      else boxes.network.open(from, to);
      const index = prng.whole(0, boxes.ids.length - 1);
      const value = `value ${n}`;
      claims.push(
        boxes
          .at(index)
          .claim("user", NAME, value)
          .then(
            (outcome) => (outcome === "granted" ? value : outcome),
            () => "refused",
          ),
      );
      await boxes.clock.run(boxes.clock.nowMs + prng.between(0, 2500));
    }
    const owners = (await boxes.outcomes(claims)).filter((said) => said.startsWith("value"));
    expect(new Set(owners).size).toBeLessThanOrEqual(1);
  }
});

test("who does not know of boxes that joined gets no vote from one that does", async () => {
  const boxes = await new ClaimingBoxes(5).meet();
  const [a, b, c, d, e] = boxes.ids as [BoxId, BoxId, BoxId, BoxId, BoxId];
  // Two joined while `a` was away; it meets `c` before it has heard of them.
  boxes.known.set(a, [a, b, c]);
  boxes.network.block(a, b);
  for (const far of [d, e]) boxes.network.block(a, far);
  boxes.network.block(c, b);
  for (const far of [d, e]) boxes.network.block(c, far);
  expect(await boxes.outcomes([boxes.at(1).claim("user", NAME, "one")])).toEqual(["granted"]);
  expect(await boxes.outcomes([boxes.at(0).claim("user", NAME, "other")])).toEqual(["503"]);
});

test("a box that learns in the middle of a round who joined does not count its own vote", async () => {
  const boxes = await new ClaimingBoxes(5).meet();
  const [a, b, c] = boxes.ids as [BoxId, BoxId, BoxId];
  for (const box of [a, b, c]) boxes.known.set(box, [a, b, c]);
  boxes.network.block(a, b);
  const asked = boxes.at(0).claim("user", NAME, "one");
  boxes.known.delete(a);
  expect(await boxes.outcomes([asked])).toEqual(["503"]);
});

test("bytes that are no question are refused", async () => {
  const boxes = await new ClaimingBoxes(2).meet();
  const asker = boxes.network.boxes()[1];
  const [target] = boxes.ids;
  if (!asker || !target) throw new Error("two boxes");
  const voters = `{"phase":"prepare","register":"x","ballot":[1,"a"],"voters":[7]}`;
  const wrong = [
    voters,
    `{"phase":"prepare"}`,
    `{"phase":"accept","register":"x","ballot":[1]}`,
    "[",
  ];
  for (const text of wrong) {
    const asked = asker.request(target, "claim", Buffer.from(text), { timeoutMs: 1000 });
    const code = asked.catch((error: { code: string }) => error.code);
    await boxes.outcomes([asked]);
    expect(await code).toBe("handler_failed");
  }
});
