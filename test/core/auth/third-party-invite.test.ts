import { describe, expect, test } from "vitest";
import { publicKeyOf } from "../../../core/event/ed25519.ts";
import { unpaddedBase64 } from "../../../core/event/hash.ts";
import { signJson } from "../../../core/event/sign.ts";
import type { EventId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { keyOf, type RoomBuilder } from "../../support/room-builder.ts";
import { ALL, BOB, CAROL, expectRefused, MOD, publicRoom, STRANGER } from "./support.ts";

const PUBLIC = unpaddedBase64(publicKeyOf(keyOf("id.test").privateKey));

function invitation(room: RoomBuilder, content: JsonObject, sender = BOB): EventId {
  return room.send({ sender, type: "m.room.third_party_invite", stateKey: "token", content });
}

const signed = (mxid = STRANGER, token = "token"): JsonObject =>
  signJson({ mxid, token }, keyOf("id.test"));

function accept(room: RoomBuilder, part: unknown, sender = BOB, target = STRANGER): EventId {
  const content = { third_party_invite: { display_name: "s", signed: part } } as JsonObject;
  return room.member(sender, target, "invite", { content });
}

describe.each(ALL)("in room version %s", (version) => {
  test("a third-party invitation needs the invite level", () => {
    const room = publicRoom(version, { invite: 50, state_default: 100 });
    expectRefused(() => invitation(room, { public_key: PUBLIC }), "power to invite");
    invitation(room, { public_key: PUBLIC }, MOD);
  });

  test("an invite that answers it is allowed by public_key", () => {
    const room = publicRoom(version);
    invitation(room, { public_key: PUBLIC });
    accept(room, signed());
    room.join(STRANGER);
  });

  test("an invite that answers it is allowed by any of public_keys", () => {
    const room = publicRoom(version);
    const other = unpaddedBase64(publicKeyOf(keyOf("x.test").privateKey));
    const keys = [{ public_key: other }, { public_key: PUBLIC }];
    invitation(room, { public_key: other, public_keys: keys });
    accept(room, signed());
  });

  test.each([
    ["nothing signed", undefined, "no signed part"],
    ["no token", { mxid: STRANGER }, "no mxid or no token"],
    ["no mxid", { token: "token" }, "no mxid or no token"],
    ["another user's mxid", signed(CAROL), "for another user"],
    ["an unknown token", signed(STRANGER, "other"), "no such third-party invitation"],
    ["no signature", { mxid: STRANGER, token: "token" }, "not signed"],
    ["a changed object", { ...signed(), more: 1 }, "not signed"],
  ])("is refused with %s", (_, part, reason) => {
    const room = publicRoom(version);
    invitation(room, { public_key: PUBLIC });
    expectRefused(() => accept(room, part), reason);
  });

  test("is refused to the banned and to other senders than the invitation's", () => {
    const room = publicRoom(version);
    invitation(room, { public_key: PUBLIC });
    expectRefused(() => accept(room, signed(), CAROL), "from another user");
    room.member(MOD, STRANGER, "ban");
    expectRefused(() => accept(room, signed()), "banned");
  });

  test("is refused when it has more signatures than are worth trying", () => {
    const room = publicRoom(version);
    const keys = Array.from({ length: 65 }, () => ({ public_key: PUBLIC }));
    invitation(room, { public_keys: keys });
    expectRefused(() => accept(room, signed()), "too many signatures");
  });

  test("third_party_invite that is null is not taken for an ordinary invite", () => {
    const room = publicRoom(version);
    const content = { third_party_invite: null };
    expectRefused(() => room.member(BOB, STRANGER, "invite", { content }), "no signed part");
  });
});

test("the sender need not be in the room any more", () => {
  const room = publicRoom("12");
  invitation(room, { public_key: PUBLIC });
  room.member(BOB, BOB, "leave");
  expect(() => accept(room, signed())).not.toThrow();
});
