import { expect, test } from "vitest";
import { roomMembers } from "../../../../core/rooms/queries/room-members.ts";
import { encodeSyncToken } from "../../../../core/sync/token.ts";
import type { DeviceId } from "../../../../core/ids.ts";
import { roomApi, userOf } from "../../../support/room-api.ts";

test("members of the moment of a sync token are those that the client was told of", async () => {
  await using api = await roomApi(["alice", "bob", "carol"]);
  const room = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("bob", "POST", `/rooms/${room}/join`, {});
  using snapshot = api.services.reader.snapshot();
  const at = encodeSyncToken({ vector: snapshot.vector });
  await api.call("carol", "POST", `/rooms/${room}/join`, {});
  await api.call("bob", "POST", `/rooms/${room}/leave`, {});
  const requester = {
    user: userOf("alice"),
    device: "D" as DeviceId,
    tokenId: "t",
    deviceCreated: 0,
  };
  const joined = async (token?: string): Promise<unknown[]> => {
    const query = { room, requester, membership: "join", ...(token ? { at: token } : {}) };
    const events = roomMembers(api.services, query);
    return events.map((event) => event["state_key"]).toSorted();
  };
  expect(await joined()).toEqual([userOf("alice"), userOf("carol")]);
  expect(await joined(at)).toEqual([userOf("alice"), userOf("bob")]);
  await expect(joined("x")).rejects.toMatchObject({ errcode: "M_INVALID_PARAM" });
});
