import { describe, expect, test } from "vitest";
import { publicKeyOf } from "../../../core/event/ed25519.ts";
import { unpaddedBase64 } from "../../../core/event/hash.ts";
import type { Pdu } from "../../../core/event/pdu.ts";
import {
  KEY_TRUST_MS_MAX,
  missingSigner,
  requiredSigners,
  trustedUntil,
  type VerifyKey,
  type VerifyKeys,
  withTrustedContent,
} from "../../../core/event/verify.ts";
import type { ServerName } from "../../../core/ids.ts";
import { keyOf, RoomBuilder } from "../../support/room-builder.ts";

const ALICE = "@alice:a.test";

const publicKey = (server: string): string => unpaddedBase64(publicKeyOf(keyOf(server).privateKey));

/** The keys of all servers, valid for ever unless changed. */
const keysWith =
  (change: Partial<VerifyKey> = {}): VerifyKeys =>
  (server) => ({ publicKey: publicKey(server), validUntilTs: Infinity, ...change });

const noKeys: VerifyKeys = () => undefined;

function message(version = "12", cosigners: string[] = []): [RoomBuilder, Pdu] {
  const room = new RoomBuilder({ version });
  room.join(ALICE);
  return [room, room.get(room.message(ALICE, "text", { cosigners }))];
}

describe("an event", () => {
  test("is good with the signature of its sender's server", () => {
    const [room, event] = message();
    expect(missingSigner(room.version, event, keysWith())).toBeUndefined();
  });

  test("is still good when only its redacted form is left", () => {
    const [room, event] = message();
    const redacted = { ...event, content: {} };
    expect(missingSigner(room.version, redacted, keysWith())).toBeUndefined();
    expect(withTrustedContent(room.version, redacted).content).toEqual({});
  });

  test("loses content that was not hashed", () => {
    const [room, event] = message();
    expect(withTrustedContent(room.version, event)).toBe(event);
    const forged = { ...event, content: { msgtype: "m.text", body: "forged" } };
    expect(withTrustedContent(room.version, forged).content).toEqual({});
  });

  test.each([
    ["a changed sender", (event: Pdu) => ({ ...event, sender: "@eve:a.test" }), keysWith()],
    ["an unknown key", (event: Pdu) => event, noKeys],
    ["another key", (event: Pdu) => event, keysWith({ publicKey: publicKey("other") })],
    ["no signature", (event: Pdu) => ({ ...event, signatures: {} }), keysWith()],
  ])("is refused with %s", (_, change, keys) => {
    const [room, event] = message();
    expect(missingSigner(room.version, change(event) as Pdu, keys)).toBe("a.test");
  });

  test("is refused when one of two signatures of known keys is bad", () => {
    const [room, event] = message();
    const good = event.signatures["a.test"]?.["ed25519:test"] as string;
    const bad = `${good.startsWith("A") ? "B" : "A"}${good.slice(1)}`;
    const signatures = { "a.test": { "ed25519:test": good, "ed25519:2": bad } };
    expect(missingSigner(room.version, { ...event, signatures }, keysWith())).toBe("a.test");
    const oneKnown: VerifyKeys = (server, keyId) =>
      keyId === "ed25519:test" ? keysWith()(server, keyId) : undefined;
    expect(missingSigner(room.version, { ...event, signatures }, oneKnown)).toBeUndefined();
  });

  test("is refused when it has more signatures than are worth trying", () => {
    const [room, event] = message();
    const good = event.signatures["a.test"]?.["ed25519:test"] as string;
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`ed25519:${n}`, good]));
    const signatures = { "a.test": many };
    expect(missingSigner(room.version, { ...event, signatures }, keysWith())).toBe("a.test");
  });
});

describe("a key that had run out", () => {
  test.each(["5", "12"])("does not count in room version %s", (version) => {
    const [room, event] = message(version);
    const validUntilTs = event.origin_server_ts;
    expect(missingSigner(room.version, event, keysWith({ validUntilTs }))).toBeUndefined();
    const late = keysWith({ validUntilTs: validUntilTs - 1 });
    expect(missingSigner(room.version, event, late)).toBe("a.test");
  });

  test("counts in room version 4", () => {
    const [room, event] = message("4");
    expect(missingSigner(room.version, event, keysWith({ validUntilTs: 0 }))).toBeUndefined();
  });

  test("counts for events from before it was replaced, in every room version", () => {
    const [room, event] = message("4");
    const expiredTs = event.origin_server_ts;
    expect(missingSigner(room.version, event, keysWith({ expiredTs }))).toBeUndefined();
    expect(missingSigner(room.version, event, keysWith({ expiredTs: expiredTs - 1 }))).toBe(
      "a.test",
    );
  });

  test("is trusted for a week at most", () => {
    expect(trustedUntil(1e15, 1000)).toBe(1000 + KEY_TRUST_MS_MAX);
    expect(trustedUntil(2000, 1000)).toBe(2000);
  });
});

describe("required signers", () => {
  const signers = (version: string, change: object): ServerName[] => {
    const [room, event] = message(version);
    return [...requiredSigners(room.version, { ...event, ...change } as Pdu)];
  };
  const member = (content: object): object => ({ type: "m.room.member", content });

  test("include the server in the event ID in room versions 1 and 2", () => {
    expect(signers("2", { event_id: "$x:b.test" })).toEqual(["a.test", "b.test"]);
    expect(signers("3", { event_id: "$x:b.test" })).toEqual(["a.test"]);
  });

  test("include the server of the user who authorised a join since room version 8", () => {
    const join = member({ membership: "join", join_authorised_via_users_server: "@bob:b.test" });
    expect(signers("8", join)).toEqual(["a.test", "b.test"]);
    expect(signers("7", join)).toEqual(["a.test"]);
  });

  test("do not include the sender's server for a third-party invite", () => {
    expect(signers("12", member({ membership: "invite", third_party_invite: {} }))).toEqual([]);
    expect(signers("12", member({ membership: "join", third_party_invite: {} }))).toEqual([
      "a.test",
    ]);
  });
});
