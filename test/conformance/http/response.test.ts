import { describe, expect, it } from "vitest";
import { specOperations } from "../../../api/schema/spec.ts";
import { checkResponse } from "../../support/conformance.ts";

describe("checkResponse", () => {
  it("accepts what the specification says", () => {
    expect(() => checkResponse("getVersions", 200, { versions: ["v1.1"] })).not.toThrow();
    expect(() => checkResponse("getVersions", 400, { errcode: "M_X", error: "x" })).not.toThrow();
    expect(() => checkResponse("register", 401, { flows: [], session: "s" })).not.toThrow();
  });

  it("finds a missing member, a wrong type, a wrong status and an odd error", () => {
    expect(() => checkResponse("getVersions", 200, {})).toThrow("versions");
    expect(() => checkResponse("getVersions", 200, { versions: [1] })).toThrow("/versions/0");
    expect(() => checkResponse("getVersions", 202, { versions: [] })).toThrow("status 202");
    expect(() => checkResponse("getVersions", 404, { error: "no code" })).toThrow("errcode");
    expect(() => checkResponse("register", 401, { flows: [] })).toThrow("session");
  });

  it("has a schema that compiles for every JSON answer of every operation", () => {
    const successes = specOperations().flatMap(({ operationId, responses }) =>
      [...responses].filter(([status]) => status === "200").map(() => operationId),
    );
    expect(successes.length).toBeGreaterThan(150);
    for (const operationId of successes) {
      try {
        checkResponse(operationId, 200, {});
      } catch (error) {
        expect((error as Error).message).toMatch(/^\w+ 200: .*must/);
      }
    }
  });
});
