import { isUserIdInEvent } from "../event/user-id.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { LevelReader } from "../room-version/level-readers.ts";
import { allowIf } from "./auth-error.ts";
import type { AuthContext } from "./auth-context.ts";
import { creatorsOf } from "./creators.ts";

const LEVELS = [
  "users_default",
  "events_default",
  "state_default",
  "ban",
  "redact",
  "kick",
  "invite",
] as const;

/** Rule 10. https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules */
export function authorisePowerLevels(context: AuthContext): void {
  const { version, event, state, power } = context;
  checkTypes(context);
  if (version.auth.creatorPower) checkCreatorsAreAbsent(context);
  const before = state.get("m.room.power_levels", "")?.content;
  if (before === undefined) return;
  const after = event.content;
  const own = power.user(event.sender);
  const { readLevel } = version;

  for (const name of LEVELS) {
    checkChange(readLevel, name, before[name], after[name], own, own);
  }
  const tables = version.auth.notificationLevels ? ["events", "notifications"] : ["events"];
  for (const table of tables) {
    for (const [name, old, now] of entriesOf(before[table], after[table])) {
      checkChange(readLevel, `${table} ${name}`, old, now, own, own);
    }
  }
  for (const [userId, old, now] of entriesOf(before["users"], after["users"])) {
    // Another user's level may only be touched by somebody above that user.
    const oldMax = userId === event.sender ? own : own - 1;
    checkChange(readLevel, userId, old, now, oldMax, own);
  }
}

/** Rules 10.1 to 10.3. A value that stands for no level is refused in all room versions. */
function checkTypes({ version, event }: AuthContext): void {
  const { readLevel, auth } = version;
  const users = event.content["users"];
  allowIf(
    users === undefined || (isTable(users, readLevel) && Object.keys(users).every(isUserIdInEvent)),
    "users must map user IDs to power levels",
  );
  if (!auth.typedLevels) return;
  for (const name of LEVELS) {
    const value = event.content[name];
    allowIf(value === undefined || readLevel(value) !== undefined, `${name} must be an integer`);
  }
  for (const name of ["events", "notifications"]) {
    const value = event.content[name];
    allowIf(value === undefined || isTable(value, readLevel), `${name} must hold integers`);
  }
}

/** Rule 10.4. */
function checkCreatorsAreAbsent({ version, event, create }: AuthContext): void {
  const users = event.content["users"];
  if (!isObject(users)) return;
  const named = creatorsOf(version, create).some((creator) => Object.hasOwn(users, creator));
  allowIf(!named, "The power of creators cannot be set");
}

/** Rules 10.6 to 10.10 for one level: what is there must be in reach, and what is to be too. */
function checkChange(
  readLevel: LevelReader,
  name: string,
  before: Json | undefined,
  after: Json | undefined,
  beforeMax: number,
  afterMax: number,
): void {
  const old = readLevel(before);
  const now = readLevel(after);
  allowIf(after === undefined || now !== undefined, `The power level of ${name} is malformed`);
  if (old === now) return;
  allowIf(old === undefined || old <= beforeMax, `The sender lacks the power to change ${name}`);
  allowIf(
    now === undefined || now <= afterMax,
    `The sender lacks the power to raise ${name} so far`,
  );
}

function isTable(value: Json, readLevel: LevelReader): value is JsonObject {
  return isObject(value) && Object.values(value).every((level) => readLevel(level) !== undefined);
}

/** Every name in either table, with its old and its new value. */
function* entriesOf(
  before: Json | undefined,
  after: Json | undefined,
): Generator<[name: string, old: Json | undefined, now: Json | undefined]> {
  allowIf(after === undefined || isObject(after), "Tables of power levels must be objects");
  const old = isObject(before) ? before : {};
  const now = after ?? {};
  for (const name of Object.keys(old)) {
    yield [name, old[name], Object.hasOwn(now, name) ? now[name] : undefined];
  }
  for (const name of Object.keys(now)) {
    if (!Object.hasOwn(old, name)) yield [name, undefined, now[name]];
  }
}
