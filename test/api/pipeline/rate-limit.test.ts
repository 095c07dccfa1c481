import { describe, expect, it } from "vitest";
import { RateLimiter, budgetOwner } from "../../../api/pipeline/rate-limit.ts";
import type { MatrixError } from "../../../core/errors.ts";

function limited(limiter: RateLimiter, who: string): number | undefined {
  try {
    limiter.take("login", who);
    return undefined;
  } catch (error) {
    return (error as MatrixError).extra["retry_after_ms"] as number;
  }
}

describe("RateLimiter", () => {
  it("lets a burst through, then earns requests back with time", () => {
    let now = 0;
    const limiter = new RateLimiter(() => now);
    for (let i = 0; i < 50; i++) expect(limited(limiter, "a")).toBeUndefined();
    expect(limited(limiter, "a")).toBe(2000);
    now = 1999;
    expect(limited(limiter, "a")).toBe(1);
    now = 2000;
    expect(limited(limiter, "a")).toBeUndefined();
    expect(limited(limiter, "a")).toBe(2000);
  });

  it("keeps users and classes apart", () => {
    const limiter = new RateLimiter(() => 0);
    for (let i = 0; i < 50; i++) limiter.take("login", "a");
    expect(limited(limiter, "b")).toBeUndefined();
    expect(() => limiter.take("message", "a")).not.toThrow();
  });

  it("remembers a bounded number of users and forgets the one silent for longest", () => {
    const limiter = new RateLimiter(() => 0);
    for (let i = 0; i < 50; i++) limiter.take("login", "first");
    for (let i = 0; i < 9_999; i++) limiter.take("login", `other ${i}`);
    expect(limited(limiter, "first")).toBeDefined();
    for (let i = 0; i < 10_000; i++) limiter.take("login", `another ${i}`);
    expect(limited(limiter, "first")).toBeUndefined();
  });
});

describe("budgetOwner", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:db8:1:2::", "2001:db8:1:2"],
    ["::1", "0:0:0:0"],
  ])("takes %s as %s", (address, owner) => {
    expect(budgetOwner(undefined, address)).toBe(owner);
  });

  it("takes the user where there is one", () => {
    expect(budgetOwner("@u:hearth.test", "::1")).toBe("@u:hearth.test");
  });
});
