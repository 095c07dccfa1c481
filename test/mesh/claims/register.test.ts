import { describe, expect, it } from "vitest";
import {
  answer,
  compareBallots,
  latestValue,
  majorityOf,
  parseAnswer,
  parseQuestion,
  ROUND_LEAP_MAX,
} from "../../../mesh/claims/register.ts";

describe("a register's acceptor", () => {
  it("refuses a ballot from nowhere, after which none would be left, and goes on", () => {
    const absurd = {
      phase: "prepare",
      register: "x",
      ballot: [Number.MAX_SAFE_INTEGER, "b"],
    } as const;
    expect(answer(undefined, absurd).answer).toEqual({ ok: false, promised: [0, ""] });
    const promised = { promised: [7, "a"] } as const;
    expect(answer(promised, absurd)).toEqual({
      keep: undefined,
      answer: { ok: false, promised: [7, "a"] },
    });
    const far = { ...absurd, ballot: [7 + ROUND_LEAP_MAX, "b"] } as const;
    expect(answer(promised, far).answer.ok).toBe(true);
  });

  const prepare = (ballot: readonly [number, string]) =>
    ({ phase: "prepare", register: "x", ballot }) as const;
  const accept = (ballot: readonly [number, string], value: string | null) =>
    ({ phase: "accept", register: "x", ballot, value }) as const;

  it("promises a later ballot and tells what it has accepted", () => {
    const accepted = { ballot: [2, "a"], value: "one" } as const;
    expect(answer({ promised: [2, "a"], accepted }, prepare([3, "b"]))).toEqual({
      keep: { promised: [3, "b"], accepted },
      answer: { ok: true, accepted },
    });
    expect(answer(undefined, prepare([1, "a"])).answer).toEqual({ ok: true });
  });

  it("refuses to prepare a ballot again, and to accept an earlier one than it promised", () => {
    const acceptor = { promised: [3, "b"] } as const;
    for (const question of [prepare([3, "b"]), prepare([3, "a"]), accept([3, "a"], "x")]) {
      expect(answer(acceptor, question)).toEqual({
        keep: undefined,
        answer: { ok: false, promised: [3, "b"] },
      });
    }
  });

  it("accepts in the ballot that it promised, and in a later one that it never heard of", () => {
    for (const ballot of [
      [3, "b"],
      [4, "a"],
    ] as const) {
      expect(answer({ promised: [3, "b"] }, accept(ballot, null))).toEqual({
        keep: { promised: ballot, accepted: { ballot, value: null } },
        answer: { ok: true },
      });
    }
  });
});

describe("the value of a register", () => {
  it("is the one accepted in the highest ballot", () => {
    const said = [
      { ok: true, accepted: { ballot: [2, "b"], value: "old" } },
      { ok: false, promised: [9, "z"] },
      { ok: true, accepted: { ballot: [2, "c"], value: null } },
    ] as const;
    expect(latestValue(said)).toBeNull();
    expect(latestValue(said.slice(0, 2))).toBe("old");
  });

  it("is what the replicated state holds where no box has accepted one", () => {
    expect(latestValue([{ ok: true }, { ok: true, held: "account" }])).toBe("account");
    const accepted = { ballot: [1, "a"], value: null } as const;
    expect(
      latestValue([
        { ok: true, accepted },
        { ok: true, held: "account" },
      ]),
    ).toBeNull();
  });

  it("is decided by more than half of the boxes", () => {
    expect([1, 2, 3, 4, 5, 7].map(majorityOf)).toEqual([1, 2, 2, 3, 3, 4]);
  });
});

describe("what boxes say of registers", () => {
  it("orders ballots by number, then by box", () => {
    expect(compareBallots([1, "b"], [2, "a"])).toBeLessThan(0);
    expect(compareBallots([2, "b"], [2, "a"])).toBeGreaterThan(0);
    expect(compareBallots([2, "a"], [2, "a"])).toBe(0);
  });

  it("is checked before it is used", () => {
    const question = { phase: "accept", register: "x", ballot: [1, "a"], value: null };
    expect(parseQuestion(question)).toEqual(question);
    for (const wrong of [
      { phase: "read" },
      { value: 7 },
      { register: "x".repeat(601) },
      { ballot: [1.5, "a"] },
      { ballot: [1, "a", 1] },
    ]) {
      expect(parseQuestion({ ...question, ...wrong })).toBeUndefined();
    }
    expect(parseAnswer({ ok: true, held: "x", more: 1 })).toEqual({ ok: true, held: "x" });
    for (const wrong of [null, {}, { ok: false }, { ok: false, promised: [1] }]) {
      expect(parseAnswer(wrong)).toBeUndefined();
    }
  });
});
