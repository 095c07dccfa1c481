import { forbidden } from "../errors.ts";
import type { RoomId, UserId } from "../ids.ts";
import { readInRoom } from "../rooms/queries/read-in-room.ts";
import { requireJoined } from "../rooms/queries/room-facts.ts";
import type { Services } from "../services.ts";

/** How long "is typing" holds when the client does not say, and the longest that it may ask for. */
const TYPING_DEFAULT_MS = 30_000;
const TYPING_MAX_MS = 120_000;
const SEPARATOR = "\u001f";

export interface TypingInput {
  readonly room: RoomId;
  readonly requester: UserId;
  /** Whom the request is about: only oneself is allowed. */
  readonly user: UserId;
  readonly typing: boolean;
  readonly timeoutMs?: number | undefined;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidtypinguserid
 * @throws MatrixError 403 M_FORBIDDEN
 */
export function setTyping(
  deps: Pick<Services, "reader" | "ephemeral" | "isCaughtUp">,
  input: TypingInput,
): void {
  if (input.user !== input.requester) throw forbidden("You can only say that you are typing.");
  readInRoom(deps, () => requireJoined(deps.reader, input.room, input.user));
  const asked = input.timeoutMs ?? TYPING_DEFAULT_MS;
  const ttlMs = input.typing ? Math.min(Math.max(asked, 0), TYPING_MAX_MS) : 0;
  deps.ephemeral.set("typing", typingKey(input.room, input.user), {}, ttlMs);
}

export function typingKey(room: RoomId, user: UserId): string {
  return room + SEPARATOR + user;
}
