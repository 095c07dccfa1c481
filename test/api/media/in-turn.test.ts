import { describe, expect, it } from "vitest";
import { InTurn } from "../../../api/media/in-turn.ts";

describe("InTurn", () => {
  it("runs so many works at once, the others in order, and refuses the rest", async () => {
    const turns = new InTurn(2, 2);
    const started: number[] = [];
    const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const works = ends.map(({ promise }, i) =>
      turns.run(() => {
        started.push(i);
        return promise;
      }),
    );
    await expect(turns.run(async () => undefined)).rejects.toMatchObject({ status: 429 });
    expect(started).toEqual([0, 1]);
    ends[1]?.resolve();
    await works[1];
    expect(started).toEqual([0, 1, 2]);
    ends[0]?.reject(new Error("failed"));
    await expect(works[0]).rejects.toThrow("failed");
    expect(started).toEqual([0, 1, 2, 3]);
    ends[2]?.resolve();
    ends[3]?.resolve();
    await Promise.all([works[2], works[3]]);
    expect(await turns.run(async () => "free again")).toBe("free again");
  });
});
