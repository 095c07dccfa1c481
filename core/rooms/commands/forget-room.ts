import { MatrixError } from "../../errors.ts";
import type { RoomId, UserId } from "../../ids.ts";
import type { Services } from "../../services.ts";
import { memberships } from "../../tables.ts";
import type { Draft } from "../../transaction/draft.ts";
import { userDoc } from "../../user-data/section.ts";
import { FORGOTTEN } from "../queries/forgotten.ts";

export interface ForgetInput {
  readonly room: RoomId;
  readonly user: UserId;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidforget
 * @throws MatrixError 400 M_UNKNOWN while the user is in the room
 */
export async function forgetRoom(
  deps: Pick<Services, "runner">,
  input: ForgetInput,
): Promise<void> {
  await deps.runner.run(forget, input);
}

export function forget(draft: Draft, { room, user }: ForgetInput): void {
  const entry = draft.get(memberships, [user, room]);
  if (!entry) return;
  if (entry.membership !== "leave" && entry.membership !== "ban") {
    throw new MatrixError(400, "M_UNKNOWN", `User ${user} is in room ${room}`);
  }
  draft.setField(userDoc(user), FORGOTTEN, room, entry.event);
}
