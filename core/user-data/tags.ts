import { badJson, invalidParam } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { RoomId, UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { NAME_BYTES_MAX, TAGS_PER_ROOM_MAX } from "./constants.ts";
import { PART_SEPARATOR, readSectionPart, userDoc } from "./section.ts";

interface TagChange {
  readonly user: UserId;
  readonly room: RoomId;
  readonly tag: string;
  /** Undefined removes the tag. */
  readonly content: JsonObject | undefined;
}

/** Command: sets or removes a tag. */
export function changeTag(draft: Draft, { user, room, tag, content }: TagChange): void {
  draft.setField(userDoc(user), "tags", room + PART_SEPARATOR + tag, content);
}

/** https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridroomsroomidtagstag */
export async function setTag(
  deps: Pick<Services, "reader" | "runner">,
  change: TagChange,
): Promise<void> {
  if (Buffer.byteLength(change.tag) > NAME_BYTES_MAX) throw invalidParam("the tag is too long");
  const order = change.content?.["order"];
  if (typeof order === "number" && (order < 0 || order > 1)) {
    throw badJson("order must be from 0 to 1");
  }
  if (change.content) {
    using snapshot = deps.reader.snapshot();
    const tags = await readTags(snapshot, change.user, change.room);
    if (!(change.tag in tags) && Object.keys(tags).length >= TAGS_PER_ROOM_MAX) {
      throw invalidParam("the room has too many tags");
    }
  }
  await deps.runner.run(changeTag, change);
}

/** The tags of a room with their contents, as `m.tag` has them. */
export async function readTags(
  snapshot: Snapshot,
  user: UserId,
  room: RoomId,
): Promise<JsonObject> {
  const rows = await readSectionPart(snapshot, userDoc(user), "tags", room);
  return Object.fromEntries([...rows].filter(([, content]) => isObject(content)));
}

export async function listTags(
  deps: Pick<Services, "reader">,
  user: UserId,
  room: RoomId,
): Promise<JsonObject> {
  using snapshot = deps.reader.snapshot();
  return await readTags(snapshot, user, room);
}
