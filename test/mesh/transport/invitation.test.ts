import { describe, expect, test } from "vitest";
import { peerKeysOf } from "../../../mesh/transport/identity.ts";
import {
  createInvitation,
  InvitationError,
  parseInvitation,
  type Invitation,
} from "../../../mesh/transport/invitation.ts";
import { realRandom } from "./support.ts";

const NOW = 1_800_000_000_000;

function sample(changes: Partial<Invitation> = {}): Invitation {
  const { peerId } = peerKeysOf(new Uint8Array(32).fill(1));
  return {
    psk: realRandom.bytes(32),
    secret: realRandom.bytes(32),
    inviteId: realRandom.bytes(8),
    expiresAt: NOW + 60_000,
    addresses: ["/ip4/192.168.1.5/tcp/4001", "/ip6/fd00::1/tcp/4001", "/dns4/box.example/tcp/1"],
    inviterPeerId: peerId,
    serverName: "hearth.example",
    ...changes,
  };
}

function codeOfError(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InvitationError) return error.code;
    throw error;
  }
  return "no error";
}

describe("an invitation code", () => {
  test("carries everything, with and without a server name", () => {
    const invitation = sample();
    expect(parseInvitation(createInvitation(invitation), NOW)).toEqual(invitation);
    const { serverName: _, ...nameless } = sample({ addresses: [] });
    expect(parseInvitation(createInvitation(nameless), NOW)).toEqual(nameless);
  });

  test("leaves the peer ID out of the addresses", () => {
    const { peerId } = peerKeysOf(new Uint8Array(32).fill(1));
    const code = createInvitation(sample({ addresses: [`/ip4/10.0.0.1/tcp/9/p2p/${peerId}`] }));
    expect(parseInvitation(code, NOW).addresses).toEqual(["/ip4/10.0.0.1/tcp/9"]);
  });

  test("survives line breaks, spaces and capitals", () => {
    const invitation = sample();
    const code = createInvitation(invitation).toUpperCase();
    const pasted = ` ${code.slice(0, 40)}\r\n  ${code.slice(40)}\n`;
    expect(parseInvitation(pasted, NOW)).toEqual(invitation);
  });

  test("with any single character changed is refused", () => {
    const code = createInvitation(sample());
    for (let at = 0; at < code.length; at += 1) {
      const other = code[at] === "b" ? "c" : "b";
      const changed = code.slice(0, at) + other + code.slice(at + 1);
      expect(codeOfError(() => parseInvitation(changed, NOW))).not.toBe("no error");
    }
  });

  test("cut anywhere is called cut short", () => {
    const code = createInvitation(sample());
    for (let length = "hearth1".length; length < code.length; length += 1) {
      expect(codeOfError(() => parseInvitation(code.slice(0, length), NOW))).toBe("truncated");
    }
  });

  test.each([
    ["another text", "hello world", "not_an_invitation"],
    ["nothing", "", "not_an_invitation"],
    [
      "a later version",
      createInvitation(sample()).replace("hearth1", "hearth2"),
      "not_an_invitation",
    ],
    ["one with something behind it", `${createInvitation(sample())}aa`, "mistyped"],
    ["one with a foreign character", createInvitation(sample()).replace(/.$/, "0"), "mistyped"],
  ])("is not read from %s", (_, code, expected) => {
    expect(codeOfError(() => parseInvitation(code, NOW))).toBe(expected);
  });

  test("is refused from the millisecond at which it expires", () => {
    const code = createInvitation(sample({ expiresAt: NOW }));
    expect(codeOfError(() => parseInvitation(code, NOW))).toBe("expired");
    expect(codeOfError(() => parseInvitation(code, NOW - 1))).toBe("no error");
  });

  test("is short enough to send in a message", () => {
    expect(createInvitation(sample()).length).toBeLessThan(320);
  });

  test("cannot be made from keys of the wrong length", () => {
    expect(() => createInvitation(sample({ psk: realRandom.bytes(31) }))).toThrow("32 bytes");
    expect(() => createInvitation(sample({ inviteId: realRandom.bytes(7) }))).toThrow("8 bytes");
    expect(() => createInvitation(sample({ inviterPeerId: "x" }))).toThrow("peer ID");
  });
});
