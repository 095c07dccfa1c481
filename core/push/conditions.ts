import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import { containsWord, wholeMatcher, wordMatcher } from "./glob.ts";

/** The parts of an event that rules look at. */
export interface PushEvent {
  readonly type: string;
  readonly sender: string;
  readonly room_id?: string | undefined;
  readonly state_key?: string | undefined;
  readonly content: JsonObject;
}

/** What rules ask about the room; functions, since few rules ask. */
export interface PushContext {
  /** Who would be notified. */
  readonly user: string;
  memberCount(): number;
  /** The user's display name in the room. */
  displayName(): string | undefined;
  /** Has the sender the power to notify everyone in this way, e.g. `room`? */
  senderMayNotify(kind: string): boolean;
}

export type Condition = (event: PushEvent, context: PushContext) => boolean;

const NEVER: Condition = () => false;

/**
 * A condition as a function; one that is unknown or malformed never holds.
 * https://spec.matrix.org/v1.19/client-server-api/#conditions-1
 */
export function compileCondition(condition: JsonObject): Condition {
  const { kind, key, pattern, value, is } = condition;
  switch (kind) {
    case "event_match":
      if (typeof key !== "string" || typeof pattern !== "string") return NEVER;
      return eventMatch(key, pattern);
    case "event_property_is":
      return typeof key === "string" && isScalar(value) ? propertyIs(key, value) : NEVER;
    case "event_property_contains":
      return typeof key === "string" && isScalar(value) ? propertyContains(key, value) : NEVER;
    case "contains_display_name":
      return (event, context) => {
        const name = context.displayName();
        const body = event.content["body"];
        // A name is text: its stars and question marks mean themselves.
        return name !== undefined && typeof body === "string" && containsWord(body, name.trim());
      };
    case "room_member_count":
      return typeof is === "string" ? memberCount(is) : NEVER;
    case "sender_notification_permission":
      return typeof key === "string" ? (_, context) => context.senderMayNotify(key) : NEVER;
    default:
      return NEVER;
  }
}

export function eventMatch(key: string, pattern: string): Condition {
  const read = property(key);
  const matches = key === "content.body" ? wordMatcher(pattern) : wholeMatcher(pattern);
  return (event) => {
    const value = read(event);
    return typeof value === "string" && matches(value);
  };
}

function isScalar(value: Json | undefined): value is string | number | boolean | null {
  return value !== undefined && (typeof value !== "object" || value === null);
}

function propertyIs(key: string, wanted: Json): Condition {
  const read = property(key);
  return (event) => read(event) === wanted;
}

function propertyContains(key: string, wanted: Json): Condition {
  const read = property(key);
  return (event) => {
    const value = read(event);
    return Array.isArray(value) && value.includes(wanted);
  };
}

const MEMBER_COUNT = /^(==|<=|>=|<|>)?([0-9]{1,9})$/;

function memberCount(is: string): Condition {
  const [, operator = "==", digits] = MEMBER_COUNT.exec(is) ?? [];
  if (digits === undefined) return NEVER;
  const limit = Number(digits);
  switch (operator) {
    case "<":
      return (_, context) => context.memberCount() < limit;
    case ">":
      return (_, context) => context.memberCount() > limit;
    case "<=":
      return (_, context) => context.memberCount() <= limit;
    case ">=":
      return (_, context) => context.memberCount() >= limit;
    default:
      return (_, context) => context.memberCount() === limit;
  }
}

/**
 * The names of a dot-separated path; `\.` and `\\` stand for a dot and a backslash in a name.
 * https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths
 */
export function propertyPath(key: string): string[] {
  const names = [""];
  for (let at = 0; at < key.length; at++) {
    const character = key.charAt(at);
    const next = key.charAt(at + 1);
    const last = names.length - 1;
    if (character === ".") names.push("");
    else if (character === "\\" && (next === "." || next === "\\")) {
      names[last] += next;
      at++;
    } else names[last] += character;
  }
  return names;
}

function property(key: string): (event: PushEvent) => Json | undefined {
  const path = propertyPath(key);
  return (event) => {
    let value: unknown = event;
    for (const name of path) {
      if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
      value = value[name];
    }
    return value as Json | undefined;
  };
}
