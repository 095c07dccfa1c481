import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import { peerKeysOf } from "../../../mesh/transport/identity.ts";
import {
  inviteIdOf,
  newAnswerKeys,
  openJoinAnswer,
  openJoinRequest,
  sealJoinAnswer,
  sealJoinRequest,
} from "../../../mesh/transport/join-sealing.ts";
import { bytes, realRandom, text } from "./support.ts";

const { peerId } = peerKeysOf(new Uint8Array(32).fill(3));
const invitation = { inviteId: realRandom.bytes(8), secret: realRandom.bytes(32) };
const answerKeys = newAnswerKeys(realRandom);
const request = {
  peerId,
  name: "kitchen",
  addresses: ["/ip4/10.0.0.2/tcp/4001"],
  answerKey: answerKeys.publicKey,
};

/** The bytes, one by one, with one bit changed. */
function* flipped(original: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < original.length; at += 1) {
    const changed = Uint8Array.from(original);
    changed[at]! ^= 1;
    yield changed;
  }
}

function sealRaw(content: unknown): Uint8Array {
  const nonce = realRandom.bytes(24);
  const sealed = nacl.secretbox(bytes(JSON.stringify(content)), nonce, invitation.secret);
  return Buffer.concat([invitation.inviteId, nonce, sealed]);
}

describe("a join request", () => {
  test("opens under the invitation's secret and names its invitation", () => {
    const sealed = sealJoinRequest(invitation, request, realRandom);
    expect(Buffer.from(inviteIdOf(sealed)!)).toEqual(Buffer.from(invitation.inviteId));
    expect(openJoinRequest(sealed, invitation.secret, peerId)).toEqual(request);
  });

  test("shows nothing of itself on the wire", () => {
    const sealed = sealJoinRequest(invitation, request, realRandom);
    expect(text(sealed)).not.toContain("kitchen");
  });

  test("does not open under another secret, nor over another peer's connection", () => {
    const sealed = sealJoinRequest(invitation, request, realRandom);
    const other = peerKeysOf(new Uint8Array(32).fill(4)).peerId;
    expect(openJoinRequest(sealed, realRandom.bytes(32), peerId)).toBeUndefined();
    expect(openJoinRequest(sealed, invitation.secret, other)).toBeUndefined();
  });

  test("does not open with any bit of the sealed part changed", () => {
    const sealed = sealJoinRequest(invitation, request, realRandom);
    for (const changed of flipped(sealed.slice(8))) {
      const whole = Buffer.concat([sealed.slice(0, 8), changed]);
      expect(openJoinRequest(whole, invitation.secret, peerId)).toBeUndefined();
    }
  });

  test.each([
    ["no object", 5],
    ["no peer ID", { ...request, peerId: "x", answerKey: "" }],
    ["a name that is too long", { ...request, name: "n".repeat(65) }],
    ["too many addresses", { ...request, addresses: Array.from({ length: 33 }, () => "/a") }],
    ["an answer key of another length", { ...request, answerKey: "AAAA" }],
  ])("with %s is refused even when sealed well", (_, content) => {
    expect(openJoinRequest(sealRaw(content), invitation.secret, peerId)).toBeUndefined();
  });

  test.each([0, 8, 32, 48, 16 * 1024 + 1])("is not looked for in %i bytes", (length) => {
    expect(inviteIdOf(new Uint8Array(length))).toBeUndefined();
  });
});

describe("a join answer", () => {
  test("opens for the joiner only", () => {
    const sealed = sealJoinAnswer(bytes("the keys of the house"), answerKeys.publicKey, realRandom);
    expect(text(openJoinAnswer(sealed, answerKeys.secretKey)!)).toBe("the keys of the house");
    expect(openJoinAnswer(sealed, newAnswerKeys(realRandom).secretKey)).toBeUndefined();
  });

  test("does not open when changed or cut", () => {
    const sealed = sealJoinAnswer(bytes("x"), answerKeys.publicKey, realRandom);
    expect(openJoinAnswer(sealed.slice(0, 60), answerKeys.secretKey)).toBeUndefined();
    // The last bit of a Curve25519 public key is ignored by definition.
    for (const changed of flipped(sealed.slice(32))) {
      const whole = Buffer.concat([sealed.slice(0, 32), changed]);
      expect(openJoinAnswer(whole, answerKeys.secretKey)).toBeUndefined();
    }
  });
});
