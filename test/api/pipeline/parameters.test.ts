import { describe, expect, it } from "vitest";
import {
  booleanOf,
  checkParameters,
  integerOf,
  rulesOf,
} from "../../../api/pipeline/parameters.ts";
import { MatrixError } from "../../../core/errors.ts";

function fault(operationId: string, query: string, params: Record<string, string> = {}): unknown {
  try {
    checkParameters(rulesOf(operationId), params, () => new URLSearchParams(query));
    return undefined;
  } catch (error) {
    return (error as MatrixError).errcode;
  }
}

describe("checkParameters", () => {
  it.each([
    ["getRoomEvents", "", "M_MISSING_PARAM"],
    ["getRoomEvents", "dir=x", "M_INVALID_PARAM"],
    ["getRoomEvents", "dir=b&limit=ten", "M_INVALID_PARAM"],
    ["getRoomEvents", "dir=b&limit=10", undefined],
    ["sync", "full_state=1", "M_INVALID_PARAM"],
    ["sync", "full_state=true&timeout=30000&since=x&filter=%7B%7D", undefined],
    ["sync", "timeout=99999999999999999999", "M_INVALID_PARAM"],
    ["sync", "set_presence=asleep", "M_INVALID_PARAM"],
    ["sync", "made_up=1", undefined],
  ])("holds the query of %s ?%s to the specification", (operationId, query, errcode) => {
    expect(fault(operationId, query)).toBe(errcode);
  });

  it("knows the values that a path parameter may have", () => {
    expect(fault("postReceipt", "", { receiptType: "m.seen" })).toBe("M_INVALID_PARAM");
    expect(fault("postReceipt", "", { receiptType: "m.read" })).toBeUndefined();
  });
});

describe("integerOf", () => {
  const range = { default: 10, min: 0, max: 100 };

  it.each([
    ["", 10],
    ["n=7", 7],
    ["n=-5", 0],
    ["n=1000", 100],
  ])("reads ?%s as %s", (query, value) => {
    expect(integerOf(new URLSearchParams(query), "n", range)).toBe(value);
  });

  it.each(["n=", "n=1.5", "n=1e3", "n=0x10", "n=%201"])("refuses ?%s", (query) => {
    expect(() => integerOf(new URLSearchParams(query), "n", range)).toThrow(MatrixError);
  });
});

describe("booleanOf", () => {
  it("takes true and false only", () => {
    expect(booleanOf(new URLSearchParams("b=true"), "b", false)).toBe(true);
    expect(booleanOf(new URLSearchParams(""), "b", true)).toBe(true);
    expect(() => booleanOf(new URLSearchParams("b=1"), "b", true)).toThrow(MatrixError);
  });
});
