import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientEndpoints } from "../../../api/client/index.ts";
import type { Endpoint } from "../../../api/endpoint.ts";
import { specOperations } from "../../../api/schema/spec.ts";
import { isObject } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { Logger } from "../../../core/ports.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";
import { testApi } from "../../support/test-api.ts";
import type { TestApi } from "../../support/test-api.ts";

/** Requests of each kind for each operation. A failure prints its seed; see fast-check's `seed`. */
const RUNS = 10;
const USER = "@alice:hearth.test";
/** Set once the room is made. */
const known: Record<string, string> = {
  userId: USER,
  roomId: "",
  roomIdOrAlias: "",
  eventId: "",
  deviceId: "DEVICE",
  eventType: "m.room.message",
  stateKey: USER,
  serverName: "hearth.test",
  receiptType: "m.read",
  kind: "room",
};

const specById = new Map(specOperations().map((operation) => [operation.operationId, operation]));

/** Texts that are, or nearly are, identifiers of things, known and unknown. */
const name = fc.oneof(
  fc.constantFrom(USER, "@nobody:hearth.test", "@x:elsewhere.test", "!room:hearth.test", "$event"),
  fc.constantFrom("#alias:hearth.test", "m.room.message", "m.room.member", "global", "override"),
  fc.constantFrom("1", "0", "-1", "__proto__", "constructor", "true", "{}", "a/b"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
);

function query(endpoint: Endpoint): fc.Arbitrary<Record<string, string>> {
  const parameters = specById.get(endpoint.operationId)?.parameters ?? [];
  const keys = parameters.filter(
    (p) => p.in === "query" && p.name !== "timeout" && p.name !== "timeout_ms",
  );
  const entries = keys.map(({ name: key, schema }) => {
    const values = Array.isArray(schema["enum"])
      ? fc.constantFrom(...(schema["enum"] as string[]))
      : name;
    return [key, values] as const;
  });
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] }) as fc.Arbitrary<
    Record<string, string>
  >;
}

/** A body with the members that the schema knows, filled with anything. */
function body(endpoint: Endpoint): fc.Arbitrary<JsonObject> {
  const schema = specById.get(endpoint.operationId)?.body;
  const properties = isObject(schema?.["properties"]) ? schema["properties"] : {};
  const members = Object.entries(properties).map(
    ([key, property]) => [key, valueOf(property)] as const,
  );
  const known = fc.record(Object.fromEntries(members), { requiredKeys: [] });
  return fc.oneof(
    known,
    fc.dictionary(name, fc.jsonValue({ maxDepth: 3 })),
  ) as fc.Arbitrary<JsonObject>;
}

/** Mostly of the right type, so that requests get past the schema and into the handler. */
function valueOf(schema: unknown): fc.Arbitrary<unknown> {
  const type = isObject(schema as JsonObject) ? (schema as JsonObject)["type"] : undefined;
  switch (type) {
    case "string":
      return name;
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer();
    case "array":
      return fc.array(fc.oneof(name, fc.dictionary(name, name)), { maxLength: 3 });
    default:
      return fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });
  }
}

/** A path whose parameters are things that exist, or odd. */
function path(endpoint: Endpoint): fc.Arbitrary<string> {
  const names = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, parameter = ""]) => parameter);
  const values = names.map((parameter) => {
    const existing = fc.constant(parameter).map((key) => known[key] ?? "x");
    return fc.oneof({ weight: 3, arbitrary: existing }, { weight: 1, arbitrary: name });
  });
  return fc.tuple(...values).map((chosen) => {
    let i = 0;
    return endpoint.path.replaceAll(/\{\w+\}/g, () =>
      encodeURIComponent((chosen[i++] ?? "x").toWellFormed()),
    );
  });
}

describe("odd requests", () => {
  const errors: unknown[] = [];
  let box: TestBox;
  let api: TestApi;

  beforeAll(async () => {
    const quiet = (): void => undefined;
    const logger: Logger = {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (f) => errors.push(f["err"]),
    };
    box = await oneBox({ logger });
    await box.services.runner.run((draft) => {
      draft.setField(`user:${USER as `@${string}`}` as never, "account", "created", { time: 1 });
    }, undefined);
    api = await testApi({ services: box.services, endpoints: clientEndpoints });
    const room = await api.request("POST", "/_matrix/client/v3/createRoom", {
      as: "alice",
      json: {},
    });
    known["roomId"] = room.json["room_id"] as string;
    known["roomIdOrAlias"] = known["roomId"];
    const sending = `/_matrix/client/v3/rooms/${known["roomId"]}/send/m.room.message/t1`;
    const sent = await api.request("PUT", sending, { as: "alice", json: { body: "hello" } });
    known["eventId"] = sent.json["event_id"] as string;
  });

  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await box.stop();
  });

  it.each(clientEndpoints)(
    "to $operationId are answered as the specification says",
    async (endpoint) => {
      const odd = fc.asyncProperty(
        path(endpoint),
        query(endpoint),
        body(endpoint),
        async (p, q, b) => {
          errors.length = 0;
          const search = new URLSearchParams({ ...q, timeout: "0", timeout_ms: "0" });
          const hasBody = endpoint.method !== "GET" && !endpoint.rawBody;
          const answer = await api.request(endpoint.method, `${p}?${search}`, {
            as: "alice",
            ...(hasBody ? { json: b } : {}),
          });
          expect(errors).toEqual([]);
          expect(answer.status).not.toBe(500);
        },
      );
      await fc.assert(odd, { numRuns: RUNS });
    },
  );
});
