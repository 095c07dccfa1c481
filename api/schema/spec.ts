import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { isObject } from "../../core/json.ts";
import type { Json, JsonObject } from "../../core/json.ts";

/**
 * The client-server API of the Matrix specification as data. Read by the generator of this folder and
 * by tests; the server itself only loads what was generated.
 */
const SPEC_FOLDER = fileURLToPath(new URL("../../test/conformance/matrix-spec/", import.meta.url));
const API_FOLDER = "api/client-server";
const METHODS = ["get", "post", "put", "delete"] as const;

/** Members that describe and do not constrain; examples also refer to files that are not here. */
const DESCRIPTIVE = new Set([
  "description",
  "title",
  "example",
  "examples",
  "format",
  "deprecated",
]);

export interface SpecParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: JsonObject;
}

export interface SpecOperation {
  readonly operationId: string;
  /** Name of the YAML file, without its ending. */
  readonly file: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly auth: "none" | "accessToken" | "optional" | "other";
  readonly parameters: readonly SpecParameter[];
  /** Schema of the JSON request body. */
  readonly body?: JsonObject;
  readonly bodyRequired: boolean;
  /** Schemas of the JSON answers by status; `undefined` where an answer is not JSON. */
  readonly responses: ReadonlyMap<string, JsonObject | undefined>;
}

const files = new Map<string, Json>();

function load(path: string): Json {
  let document = files.get(path);
  if (document === undefined) {
    document = parse(readFileSync(join(SPEC_FOLDER, path), "utf8")) as Json;
    files.set(path, document);
  }
  return document;
}

function resolveReference(reference: string, file: string): { node: Json; file: string } {
  const [path = "", pointer = ""] = reference.split("#");
  const target = path === "" ? file : normalize(join(dirname(file), path));
  let node: Json | undefined = load(target);
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    node = isObject(node) ? node[key] : undefined;
  }
  if (node === undefined) throw new Error(`${file}: nothing at ${reference}`);
  return { node, file: target };
}

/** Keywords whose members are names, so that a property may be called `title`. */
const NAME_MAPS = new Set(["properties", "patternProperties"]);
/** Steps of nesting after which references must form a circle. */
const DEPTH_MAX = 60;

/** Copies a node with its references put in place, without what only describes. */
function expand(node: Json, file: string, depth = 0): Json {
  if (depth > DEPTH_MAX) throw new Error(`${file}: references form a circle`);
  if (Array.isArray(node)) return node.map((item: Json) => expand(item, file, depth + 1));
  if (!isObject(node)) return node;
  const own: Record<string, Json> = {};
  for (const [key, value] of Object.entries(node)) {
    if (value === undefined || key === "$ref" || DESCRIPTIVE.has(key) || key.startsWith("x-")) {
      continue;
    }
    own[key] =
      NAME_MAPS.has(key) && isObject(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, schema]) => [
              name,
              expand(schema ?? {}, file, depth + 1),
            ]),
          )
        : expand(value, file, depth + 1);
  }
  const reference = node["$ref"];
  if (typeof reference !== "string") return own;
  const target = resolveReference(reference, file);
  const resolved = expand(target.node, target.file, depth + 1);
  return Object.keys(own).length === 0 ? resolved : { allOf: [resolved, own] };
}

function parametersOf(operation: JsonObject, file: string): SpecParameter[] {
  const list = operation["parameters"];
  if (!Array.isArray(list)) return [];
  return list.map((item: Json) => {
    const parameter = expand(item, file) as JsonObject;
    return {
      name: parameter["name"] as string,
      in: parameter["in"] as SpecParameter["in"],
      required: parameter["required"] === true,
      schema: (parameter["schema"] ?? {}) as JsonObject,
    };
  });
}

function jsonSchemaOf(holder: Json | undefined): JsonObject | undefined {
  if (!isObject(holder) || !isObject(holder["content"])) return undefined;
  const json = holder["content"]["application/json"];
  return isObject(json) ? ((json["schema"] ?? {}) as JsonObject) : undefined;
}

function authOf(operation: JsonObject): SpecOperation["auth"] {
  const security = operation["security"];
  if (!Array.isArray(security)) return "none";
  const names = security.flatMap((s: Json) => (isObject(s) ? Object.keys(s) : []));
  if (names.some((name) => name !== "accessTokenBearer")) return "other";
  return security.length > names.length ? "optional" : "accessToken";
}

function operationsOf(name: string): SpecOperation[] {
  const file = `${API_FOLDER}/${name}`;
  const document = load(file) as JsonObject;
  const [server] = document["servers"] as unknown as [
    { variables: { basePath: { default: string } } },
  ];
  const base = server.variables.basePath.default;
  const operations: SpecOperation[] = [];
  for (const [path, item] of Object.entries(document["paths"] as JsonObject)) {
    for (const method of METHODS) {
      const operation = (item as JsonObject)[method];
      if (!isObject(operation)) continue;
      const body = expand(operation["requestBody"] ?? null, file);
      const schema = jsonSchemaOf(body);
      const responses = expand(operation["responses"] ?? {}, file) as JsonObject;
      operations.push({
        operationId: operation["operationId"] as string,
        file: name.replace(/\.yaml$/, ""),
        method: method.toUpperCase() as SpecOperation["method"],
        path: base + path.trim(),
        auth: authOf(operation),
        parameters: parametersOf(operation, file),
        ...(schema === undefined ? {} : { body: schema }),
        bodyRequired: isObject(body) && body["required"] === true,
        responses: new Map(
          Object.entries(responses).map(([status, r]) => [status, jsonSchemaOf(r)]),
        ),
      });
    }
  }
  return operations;
}

/** Every operation of the client-server API, by file. */
export function specOperations(): SpecOperation[] {
  const folder = join(SPEC_FOLDER, API_FOLDER);
  if (!existsSync(folder)) throw new Error(`the specification's data is missing in ${folder}`);
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return names.toSorted().flatMap(operationsOf);
}
