import { badJson } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import * as generated from "./bodies.gen.ts";

interface Failure {
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

interface Validator {
  (body: Json): boolean;
  errors?: readonly Failure[] | null;
}

const validators = generated as unknown as Readonly<Record<string, Validator>>;

/** The validator of an operation's request body; programs that name an unknown one do not start. */
export function bodyValidator(name: string): (body: Json) => void {
  const validate = validators[name];
  if (validate === undefined) throw new Error(`no request body schema is called ${name}`);
  return (body) => {
    if (!validate(body)) throw badJson(describe(validate.errors?.[0]));
  };
}

/** `invite/0 must be string`: which member is wrong, and how. */
function describe(failure: Failure | undefined): string {
  if (failure === undefined) return "the body is not as the specification says";
  const where = failure.instancePath === "" ? "the body" : failure.instancePath.slice(1);
  const { allowedValues } = failure.params;
  const values = Array.isArray(allowedValues) ? `: ${allowedValues.join(", ")}` : "";
  return `${where} ${failure.message ?? "is wrong"}${values}`;
}
