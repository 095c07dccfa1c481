import { describe, expect, it } from "vitest";
import { answer, ROUND_LEAP_MAX } from "../../../mesh/claims/register.ts";

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
});
