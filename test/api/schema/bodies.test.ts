import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bodyValidator } from "../../../api/schema/bodies.ts";
import { generatedFiles } from "../../../api/schema/generate.ts";
import type { MatrixError } from "../../../core/errors.ts";
import type { Json } from "../../../core/json.ts";

function fault(operationId: string, body: Json): string | undefined {
  try {
    bodyValidator(operationId)(body);
    return undefined;
  } catch (error) {
    const { errcode, message } = error as MatrixError;
    return `${errcode} ${message}`;
  }
}

describe("body schemas", () => {
  it("name the member that is wrong", () => {
    expect(fault("createRoom", { invite: ["@a:b", 7] })).toBe("M_BAD_JSON invite/1 must be string");
    expect(fault("login", {})).toBe("M_BAD_JSON the body must have required property 'type'");
    expect(fault("createRoom", { preset: "odd" })).toBe(
      "M_BAD_JSON preset must be equal to one of the allowed values: " +
        "private_chat, public_chat, trusted_private_chat",
    );
  });

  it("leave unknown members alone", () => {
    expect(fault("createRoom", { "org.example.x": { y: [1] }, name: "n" })).toBeUndefined();
  });

  it("keep properties that are called like keywords", () => {
    expect(
      fault("setPushRule", { actions: [], conditions: [{ kind: "event_match" }] }),
    ).toBeUndefined();
    expect(fault("setPushRule", { actions: [], conditions: [{}] })).toContain("kind");
  });

  it("are asked for by a name that exists", () => {
    expect(() => bodyValidator("nope")).toThrow("no request body schema is called nope");
  });
});

describe("generated files", () => {
  it.each(Object.entries(generatedFiles()))(
    "%s is what `npm run generate` writes",
    (name, text) => {
      const path = new URL(`../../../api/schema/${name}`, import.meta.url);
      expect(readFileSync(path, "utf8") === text).toBe(true);
    },
  );
});
