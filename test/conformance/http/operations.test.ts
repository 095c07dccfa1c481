import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { clientEndpoints } from "../../../api/client/index.ts";
import { specOperations } from "../../../api/schema/spec.ts";
import type { SpecOperation } from "../../../api/schema/spec.ts";

/**
 * Holds the endpoints to the specification: every operation is served once, in the file named after its
 * YAML file, with its method, path and kind of login, or stands in `test/conformance/not-yet.txt`.
 */
const NOT_YET = new URL("../not-yet.txt", import.meta.url);

/** The specification describes these requests twice; the second name is served by the first. */
const TWINS: Readonly<Record<string, string>> = {
  inviteBy3PID: "inviteUser",
  peekEvents: "getEvents",
};

/** The specification's security table says `signedRequest` here; its text asks for no login. */
const AUTH_EXCEPTIONS: Readonly<Record<string, string>> = { getRoomSummary: "optional" };

/** Operations that check their bodies themselves: one path for two, an errcode of its own. */
const OWN_CHECKS: ReadonlySet<string> = new Set(["inviteUser", "postReceipt"]);

const operations = specOperations();
const specById = new Map(operations.map((operation) => [operation.operationId, operation]));
const served = clientEndpoints.filter(({ operationId }) => specById.has(operationId));

function sourceOf({ file }: SpecOperation): string {
  const url = new URL(`../../../api/client/${file.replaceAll("_", "-")}.ts`, import.meta.url);
  return existsSync(url) ? readFileSync(fileURLToPath(url), "utf8") : "";
}

describe("the endpoints", () => {
  it("are each registered once", () => {
    const ids = clientEndpoints.map(({ operationId }) => operationId);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  it("that the specification does not have are unstable or listed here", () => {
    const own = clientEndpoints.filter(({ operationId }) => !specById.has(operationId));
    expect(own.filter(({ path }) => !path.includes("/unstable/")).map(({ path }) => path)).toEqual(
      [],
    );
  });

  it("are all that the specification has, but for the list of what is missing", () => {
    const ids = new Set(served.map(({ operationId }) => operationId));
    const missing = operations
      .map(({ operationId }) => operationId)
      .filter((id) => !ids.has(id) && !ids.has(TWINS[id] ?? ""));
    const listed = readFileSync(NOT_YET, "utf8").split("\n").filter(Boolean);
    expect(listed, "not-yet.txt is sorted").toEqual(listed.toSorted());
    expect(missing.toSorted(), "not-yet.txt names exactly what is not served").toEqual(listed);
  });

  it.each(served)("$operationId is as the specification has it", (endpoint) => {
    const spec = specById.get(endpoint.operationId);
    if (spec === undefined) throw new Error("unreachable: only served operations are listed");
    const auth = AUTH_EXCEPTIONS[endpoint.operationId] ?? spec.auth;
    const { method, path } = endpoint;
    expect({ method, path, auth: endpoint.auth }).toEqual({
      method: spec.method,
      path: spec.path,
      auth,
    });
    const source = sourceOf(spec);
    expect(source, `${spec.file} has the operation`).toContain(
      `export const ${endpoint.operationId} =`,
    );
    expect(source, "the path can be searched for").toContain(`"${path}"`);
  });

  it("have their request bodies checked", () => {
    const unchecked = served.filter(({ operationId, bodySchema }) => {
      const hasBody = specById.get(operationId)?.body !== undefined;
      return hasBody && bodySchema === undefined && !OWN_CHECKS.has(operationId);
    });
    expect(unchecked.map(({ operationId }) => operationId)).toEqual([]);
  });
});
