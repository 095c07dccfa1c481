import { describe, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { floorOf, originOf } from "../../../core/vector.ts";
import type { Origin, Vector } from "../../../core/vector.ts";
import { Introduction, LANDS_MS } from "../../../mesh/replica/introduction.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const [A, B, C] = ["a", "b", "c"].map(boxOfName) as [BoxId, BoxId, BoxId];
const [B1, C1] = [originOf(B, 1), originOf(C, 1)];

function joining(members: readonly BoxId[], closed: readonly Origin[] = []) {
  const world = { now: 0, here: {} as Vector, members };
  const introduction = new Introduction({
    ledger: {
      get vector() {
        return world.here;
      },
      closedAt: (origin) => (closed.includes(origin) ? 0 : undefined),
    },
    self: A,
    members: () => world.members,
    timers: { elapsed: () => world.now },
  });
  const hear = (box: BoxId, vector: Vector): void => introduction.heard(box, vector);
  return { world, introduction, hear };
}

describe("a box that is new among others", () => {
  test("is introduced once each of them has said, some time after they met, what is all here", () => {
    const { world, introduction, hear } = joining([A, B, C]);
    world.here = { [B1]: 5, [C1]: 2 } as Vector;
    hear(B, { [B1]: 5 } as Vector);
    hear(C, { [C1]: 2 } as Vector);
    expect(introduction.isOver).toBe(false);
    world.now = LANDS_MS;
    hear(B, { [B1]: 5 } as Vector);
    expect(introduction.isOver).toBe(false);
    hear(C, { [C1]: 2, [B1]: 7 } as Vector);
    expect(introduction.isOver).toBe(true);
  });

  test("is not while it lacks what one of them made", () => {
    const { world, introduction, hear } = joining([A, B]);
    hear(B, {} as Vector);
    world.now = LANDS_MS;
    hear(B, { [B1]: 6 } as Vector);
    world.here = { [B1]: 5 } as Vector;
    expect(introduction.isOver).toBe(false);
    world.here = { [B1]: 6 } as Vector;
    expect(introduction.isOver).toBe(true);
  });

  test("stays introduced when another one joins", () => {
    const { world, introduction } = joining([A]);
    expect(introduction.isOver).toBe(true);
    world.members = [A, B];
    expect(introduction.isOver).toBe(true);
  });

  test("is introduced from its start where it has closed the time before its first life", () => {
    expect(joining([A, B]).introduction.isOver).toBe(false);
    expect(joining([A, B], [floorOf(A)]).introduction.isOver).toBe(true);
  });
});
