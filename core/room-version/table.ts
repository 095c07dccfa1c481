import { MatrixError } from "../errors.ts";
import { readFloatOrText, readInteger, readIntegerOrText } from "./level-readers.ts";
import { redactionRules } from "./redaction-rules.ts";
import type { RoomVersion } from "./room-version.ts";

/** The version of rooms that are created without asking for one. */
export const DEFAULT_ROOM_VERSION = "12";

const v1: RoomVersion = {
  id: "1",
  stability: "stable",
  eventId: "assigned",
  roomIdIsCreateHash: false,
  strictCanonicalJson: false,
  enforcesKeyValidity: false,
  redaction: redactionRules.v1,
  updatedRedactionRedacts: false,
  stateResolution: "v1",
  readLevel: readFloatOrText,
  auth: {
    creatorInContent: true,
    aliases: true,
    redactions: true,
    notificationLevels: false,
    typedLevels: false,
    knock: false,
    restricted: false,
    knockRestricted: false,
    creatorPower: false,
  },
};

const v2: RoomVersion = { ...v1, id: "2", stateResolution: "v2" };

const v3: RoomVersion = {
  ...v2,
  id: "3",
  eventId: "base64",
  auth: { ...v2.auth, redactions: false },
};

const v4: RoomVersion = { ...v3, id: "4", eventId: "base64url" };

const v5: RoomVersion = { ...v4, id: "5", enforcesKeyValidity: true };

const v6: RoomVersion = {
  ...v5,
  id: "6",
  strictCanonicalJson: true,
  redaction: redactionRules.v6,
  readLevel: readIntegerOrText,
  auth: { ...v5.auth, aliases: false, notificationLevels: true },
};

const v7: RoomVersion = { ...v6, id: "7", auth: { ...v6.auth, knock: true } };

const v8: RoomVersion = {
  ...v7,
  id: "8",
  redaction: redactionRules.v8,
  auth: { ...v7.auth, restricted: true },
};

const v9: RoomVersion = { ...v8, id: "9", redaction: redactionRules.v9 };

const v10: RoomVersion = {
  ...v9,
  id: "10",
  readLevel: readInteger,
  auth: { ...v9.auth, typedLevels: true, knockRestricted: true },
};

const v11: RoomVersion = {
  ...v10,
  id: "11",
  redaction: redactionRules.v11,
  updatedRedactionRedacts: true,
  auth: { ...v10.auth, creatorInContent: false },
};

const v12: RoomVersion = {
  ...v11,
  id: "12",
  roomIdIsCreateHash: true,
  stateResolution: "v2.1",
  auth: { ...v11.auth, creatorPower: true },
};

/** Every room version that is known here, oldest first. https://spec.matrix.org/v1.19/rooms/ */
export const ROOM_VERSIONS: ReadonlyMap<string, RoomVersion> = new Map(
  [v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12].map((row) => [row.id, row]),
);

/** @throws MatrixError 400 M_UNSUPPORTED_ROOM_VERSION */
export function roomVersion(id: string): RoomVersion {
  const row = ROOM_VERSIONS.get(id);
  if (row) return row;
  throw new MatrixError(
    400,
    "M_UNSUPPORTED_ROOM_VERSION",
    "This server does not support the room version",
  );
}

/** The version of the room that a create event opens: 1 when it names none. */
export function roomVersionOf(create: {
  readonly content: { readonly [key: string]: unknown };
}): RoomVersion {
  const named = create.content["room_version"];
  if (named === undefined) return v1;
  return roomVersion(typeof named === "string" ? named : "");
}
