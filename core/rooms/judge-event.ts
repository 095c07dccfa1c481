import { AuthError } from "../auth/auth-error.ts";
import { MatrixError, isTrouble } from "../errors.ts";
import { eventIdOf, roomIdOf } from "../event/hash.ts";
import { parsePdu } from "../event/parse-pdu.ts";
import { prevEventIds } from "../event/pdu.ts";
import type { Pdu } from "../event/pdu.ts";
import { withTrustedContent } from "../event/verify.ts";
import { roomVersion, roomVersionOf } from "../room-version/table.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { isStateHere } from "../room-document/is-state-here.ts";
import { events, rooms } from "../tables.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import type { EventRecord } from "../transaction/records.ts";
import { authoriseByCited, authoriseInRoom } from "./authorise-in-room.ts";
import { reasonOfState } from "./reason-of-state.ts";

/** What an event is taken as, and why it must not count, if so. */
export interface Verdict {
  readonly pdu: Pdu;
  readonly rejected?: string;
}

/**
 * Judges an event that another box made or took in. The verdict is the same on every box.
 *
 * Since room version 3 an event ID is a hash of what redaction leaves and of the content's hash, so it
 * vouches for content only together with that hash: content that differs is taken away before anything
 * reads it, and an event that entered redacted stays what it is. Signatures are not verified again: each
 * box holds the key that makes them, so a good one would say nothing about the box that sent the event.
 * https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
 */
export function judgeEvent(context: ApplyContext, record: EventRecord): Verdict {
  try {
    const version = versionOf(context, record);
    if (version === undefined) return refuse(record, "its room has no create event");
    const { pdu: claimed } = parsePdu(version, record.pdu);
    if (eventIdOf(version, claimed) !== record.id) {
      return refuse(record, "its hash is not its event ID");
    }
    if (roomIdOf(version, claimed) !== record.room) {
      return refuse(record, "it is from another room");
    }
    const pdu = withTrustedContent(version, claimed);
    // Up to version 10 redaction takes away the room version, and with it the meaning of the room.
    if (pdu !== claimed && pdu.type === "m.room.create") {
      return refuse(record, "its content is not what was hashed");
    }
    const rejected = reasonOfPlace(context, version, { ...record, pdu });
    return rejected === undefined ? { pdu } : { pdu, rejected };
  } catch (error) {
    // An older version of the software meets room versions that it does not know.
    // A verdict is for ever: what this box could not read now is none.
    if (error instanceof MatrixError && !isTrouble(error)) return refuse(record, error.message);
    throw error;
  }
}

function refuse({ pdu }: EventRecord, rejected: string): Verdict {
  return { pdu, rejected };
}

function versionOf({ view }: ApplyContext, record: EventRecord): RoomVersion | undefined {
  const meta = view.get(rooms, [record.room]);
  const isCreate = record.pdu.type === "m.room.create";
  if (meta && isCreate) throw new AuthError("its room was created before");
  if (meta) return roomVersion(meta.version);
  return isCreate ? roomVersionOf(record.pdu) : undefined;
}

function reasonOfPlace(
  context: ApplyContext,
  version: RoomVersion,
  record: EventRecord,
): string | undefined {
  const { room, pdu, entered } = record;
  if (entered === "backfilled" && !isStateHere(context.docs, room, record)) {
    return "its state is not known";
  }
  if (entered !== undefined) {
    authoriseByCited(context, version, room, pdu);
    return undefined;
  }
  for (const id of prevEventIds(pdu)) {
    const parent = context.view.get(events, [id]);
    if (!parent || parent.room !== room) return `its parent ${id} is not in the room`;
    if (parent.rejected !== undefined) return `its parent ${id} was rejected`;
    if (parent.hidden === "outlier") return `its parent ${id} has no place in the room`;
  }
  const before = authoriseInRoom(context, version, room, pdu);
  return reasonOfState(context, before, record);
}
