import { notFound } from "../../errors.ts";
import { splitStateKey } from "../../event/state-key.ts";
import type { RoomId } from "../../ids.ts";
import type { JsonObject } from "../../json.ts";
import type { Snapshot } from "../../ports.ts";
import type { Requester, Services } from "../../services.ts";
import { events } from "../../tables.ts";
import type { StoredEvent } from "../../tables.ts";
import { Presenter } from "../../timeline/presenter.ts";
import { millisecondsOf } from "../../transaction/records.ts";
import { currentState } from "../state-view.ts";
import type { StateView } from "../../room-document/document-state.ts";
import { readInRoom } from "./read-in-room.ts";
import { readableState } from "./readable-state.ts";
import { requireJoined } from "./room-facts.ts";

export type StateDeps = Pick<Services, "reader" | "documents" | "isCaughtUp" | "now">;

export interface RoomQuery {
  readonly room: RoomId;
  readonly requester: Requester;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate
 * @throws MatrixError 403 M_FORBIDDEN
 */
export function roomStateEvents(deps: StateDeps, query: RoomQuery): JsonObject[] {
  using snapshot = deps.reader.snapshot();
  const { room, requester } = query;
  const state = readInRoom(deps, () =>
    readableState(deps, snapshot, { room, user: requester.user }),
  );
  const stored = [...state.entries()].flatMap(([, id]) => snapshot.get(events, [id]) ?? []);
  return presenter(deps, snapshot, query).state(stored);
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstateeventtypestatekey
 * @throws MatrixError 403 M_FORBIDDEN, 404 M_NOT_FOUND
 */
export function roomStateEvent(
  deps: StateDeps,
  query: RoomQuery & {
    readonly type: string;
    readonly stateKey: string;
    readonly format: "content" | "event";
  },
): JsonObject {
  using snapshot = deps.reader.snapshot();
  const { room, requester } = query;
  const stored = readInRoom(deps, () => {
    const state = readableState(deps, snapshot, { room, user: requester.user });
    const id = state.get(query.type, query.stateKey);
    const found = id === undefined ? undefined : snapshot.get(events, [id]);
    if (!found) throw notFound("The room has no state with this type and key.");
    return found;
  });
  if (query.format === "content") return stored.pdu.content;
  const [shown = {}] = presenter(deps, snapshot, query).state([stored]);
  return shown;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidjoined_members
 * @throws MatrixError 403 M_FORBIDDEN
 */
export function joinedMembers(deps: StateDeps, query: RoomQuery): JsonObject {
  using snapshot = deps.reader.snapshot();
  const meta = readInRoom(deps, () => requireJoined(snapshot, query.room, query.requester.user));
  const state = currentState({ view: snapshot, docs: deps.documents }, query.room, meta);
  const joined = memberEvents(snapshot, state, (membership) => membership === "join").map(
    ({ pdu }) => {
      const { displayname, avatar_url: avatarUrl } = pdu.content;
      return [
        pdu.state_key ?? "",
        {
          ...(typeof displayname === "string" ? { display_name: displayname } : {}),
          ...(typeof avatarUrl === "string" ? { avatar_url: avatarUrl } : {}),
        },
      ];
    },
  );
  return Object.fromEntries(joined) as JsonObject;
}

/** The member events that a state holds, those whose membership is asked for. */
export function memberEvents(
  snapshot: Snapshot,
  state: StateView,
  wanted: (membership: unknown) => boolean,
): StoredEvent[] {
  const found: StoredEvent[] = [];
  for (const [key, id] of state.entries()) {
    if (splitStateKey(key)[0] !== "m.room.member") continue;
    const event = snapshot.get(events, [id]);
    if (event && wanted(event.pdu.content["membership"])) found.push(event);
  }
  return found;
}

export function presenter(deps: StateDeps, snapshot: Snapshot, query: RoomQuery): Presenter {
  return new Presenter(
    {
      snapshot,
      docs: deps.documents,
      requester: query.requester,
      nowMs: millisecondsOf(deps.now()),
      withRoom: true,
    },
    query.room,
  );
}
