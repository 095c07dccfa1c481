import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv/dist/2020.js";
import { specOperations } from "../../api/schema/spec.ts";
import type { SpecOperation } from "../../api/schema/spec.ts";
import type { Answer } from "../../api/server.ts";
import { isObject } from "../../core/json.ts";
import type { Json } from "../../core/json.ts";

let operations: ReadonlyMap<string, SpecOperation> | undefined;
const validators = new Map<string, ValidateFunction>();
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

const ERROR_SCHEMA = {
  type: "object",
  required: ["errcode", "error"],
  properties: { errcode: { type: "string", pattern: "^[A-Z_.]+$" }, error: { type: "string" } },
};
const AUTH_SCHEMA = { type: "object", required: ["flows", "session"] };

function specOf(operationId: string): SpecOperation | undefined {
  operations ??= new Map(specOperations().map((operation) => [operation.operationId, operation]));
  return operations.get(operationId);
}

/**
 * The state event of `?format=event` is an object as well, so the specification's "either the content
 * or the event" (`oneOf`) never holds for it.
 */
const AMBIGUOUS = "getRoomStateWithKey";

function schemaOf(operationId: string, status: number): Record<string, unknown> {
  const schema = (specOf(operationId)?.responses.get(String(status)) ?? {}) as object;
  const { oneOf, ...rest } = schema as { readonly oneOf?: unknown };
  return operationId === AMBIGUOUS && oneOf !== undefined
    ? { ...rest, anyOf: oneOf }
    : { ...schema };
}

function validatorFor(operationId: string, status: number, body: Json): ValidateFunction {
  const asksForAuth =
    status === 401 && typeof body === "object" && body !== null && "flows" in body;
  const kind = asksForAuth ? "auth" : status >= 400 ? "error" : `${operationId} ${status}`;
  let validator = validators.get(kind);
  if (validator === undefined) {
    const own = schemaOf(operationId, status);
    validator = ajv.compile(kind === "auth" ? AUTH_SCHEMA : kind === "error" ? ERROR_SCHEMA : own);
    validators.set(kind, validator);
  }
  return validator;
}

/**
 * Throws when a JSON answer is not what the specification says of this operation and status: success
 * is held to the operation's schema, every failure to the standard error response.
 */
export function checkResponse(operationId: string, status: number, body: Json): void {
  const spec = specOf(operationId);
  if (spec && status < 400 && !spec.responses.has(String(status))) {
    throw new Error(`${operationId}: the specification has no answer with status ${status}`);
  }
  const validate = validatorFor(operationId, status, body);
  if (validate(body)) return;
  const faults = validate.errors?.map((e) => `${e.instancePath || "/"} ${e.message}`).join("; ");
  throw new Error(`${operationId} ${status}: ${faults}\n${JSON.stringify(body).slice(0, 500)}`);
}

/** They answer in another way when the query asks for a delay, which the specification does not know. */
const MAY_BE_DELAYED: ReadonlySet<string> = new Set(["sendMessage", "setRoomStateWithKey"]);

function isDelayed(operationId: string, json: Json): boolean {
  const isAnswer = isObject(json) && Object.keys(json).join() === "delay_id";
  return isAnswer && MAY_BE_DELAYED.has(operationId);
}

/**
 * Collects what breaks the specification, for an API under test: pass `observe` to `createApi` and
 * expect `faults` to be empty at the end.
 */
export function conformanceObserver(): { observe(answer: Answer): void; faults: string[] } {
  const faults: string[] = [];
  return {
    faults,
    observe({ endpoint, status, json }) {
      const operationId = endpoint?.operationId ?? "unknown";
      if (json === undefined || isDelayed(operationId, json)) return;
      try {
        checkResponse(operationId, status, json);
      } catch (error) {
        faults.push((error as Error).message);
      }
    },
  };
}
