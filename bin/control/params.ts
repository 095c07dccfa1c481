import type { JsonObject } from "../../core/json.ts";
import { ControlError } from "./error.ts";
import type { Params, Verb } from "./protocol.ts";

/** Longest invitation, in seconds: a week; a code that lies about is a risk. */
const INVITATION_TTL_S_MAX = 604_800;
/** Longest drill, in seconds: a day; a forgotten drill must end. */
const ISOLATION_S_MAX = 86_400;
/** Longest drill by `meshctl drill`, in seconds: an hour; somebody watches it. */
const DRILL_S_MAX = 3600;
/** Longest name of a user or box, in UTF-16 units: what an ID may have. */
const NAME_LENGTH_MAX = 255;
/** Longest password, in UTF-16 units: hashing cost must stay bounded. */
const PASSWORD_LENGTH_MAX = 512;

type ParamsParsers = { readonly [V in Verb]: (params: JsonObject) => Params<V> };

const none = (): Record<string, never> => ({});

/** Each verb's check of its untrusted parameters; throws `ControlError` `bad_params`. */
export const PARAMS_PARSERS: ParamsParsers = {
  status: none,
  verify: none,
  invite: (params) => ({ ttl_s: integerOf(params, "ttl_s", 1, INVITATION_TTL_S_MAX) }),
  "user.add": (params) => ({
    name: textOf(params, "name", NAME_LENGTH_MAX),
    password: textOf(params, "password", PASSWORD_LENGTH_MAX),
    admin: flagOf(params, "admin"),
  }),
  "user.list": none,
  "user.password": (params) => ({
    name: textOf(params, "name", NAME_LENGTH_MAX),
    password: textOf(params, "password", PASSWORD_LENGTH_MAX),
  }),
  "user.deactivate": (params) => ({ name: textOf(params, "name", NAME_LENGTH_MAX) }),
  "box.list": none,
  "box.remove": (params) => ({
    box: textOf(params, "box", NAME_LENGTH_MAX),
    force: flagOf(params, "force"),
  }),
  "report.list": none,
  "report.close": (params) => ({ id: textOf(params, "id", NAME_LENGTH_MAX) }),
  "drill.start": (params) => ({
    ...(params["box"] === undefined ? {} : { box: textOf(params, "box", NAME_LENGTH_MAX) }),
    duration_s: integerOf(params, "duration_s", 1, DRILL_S_MAX),
  }),
  "drill.facts": none,
  "drill.isolate": (params) => ({
    duration_s: integerOf(params, "duration_s", 1, ISOLATION_S_MAX),
  }),
  "drill.heal": none,
};

export function isVerb(text: unknown): text is Verb {
  return typeof text === "string" && Object.hasOwn(PARAMS_PARSERS, text);
}

function textOf(params: JsonObject, key: string, lengthMax: number): string {
  const value = params[key];
  if (typeof value === "string" && value.length > 0 && value.length <= lengthMax) return value;
  throw new ControlError("bad_params", `${key}: expected text of 1 to ${lengthMax} characters`);
}

function integerOf(params: JsonObject, key: string, min: number, max: number): number {
  const value = params[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) {
    return value;
  }
  throw new ControlError("bad_params", `${key}: expected a whole number from ${min} to ${max}`);
}

function flagOf(params: JsonObject, key: string): boolean {
  const value = params[key];
  if (typeof value === "boolean") return value;
  throw new ControlError("bad_params", `${key}: expected true or false`);
}
