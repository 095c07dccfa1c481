import { expect, test } from "vitest";
import { Invitations } from "../../../bin/box/invitations.ts";
import type { InvitationDeps } from "../../../bin/box/invitations.ts";
import type { PeerKeys } from "../../../mesh/transport/identity.ts";
import { peerKeysOf } from "../../../mesh/transport/identity.ts";
import { parseInvitation } from "../../../mesh/transport/invitation.ts";
import type { JoinHandler } from "../../../mesh/transport/join-protocol.ts";
import {
  newAnswerKeys,
  openJoinAnswer,
  sealJoinRequest,
} from "../../../mesh/transport/join-sealing.ts";
import { FakeTimers } from "../../mesh/transport/fake-timers.ts";
import { realRandom } from "../../mesh/transport/support.ts";

const HOUR_S = 3600;
const YEAR_MS = 365 * 86_400_000;

/** Invitations of a box whose clock a person may set; `isOpen` is whether strangers may knock. */
function inviter() {
  const timers = new FakeTimers();
  const state = { now: Date.UTC(2026, 0, 2), isOpen: false, sweeps: 0, drawn: 0 };
  let ask: JoinHandler = () => Promise.reject(new Error("nobody listens"));
  const transport = {
    onJoinRequest: (handler: JoinHandler) => (ask = handler),
    addresses: () => ["/ip4/192.0.2.1/tcp/8009"],
    allowJoiners: (on: boolean) => {
      state.isOpen = on;
      state.sweeps++;
    },
  } as unknown as InvitationDeps["transport"];
  const invitations = new Invitations({
    transport,
    timers,
    peerId: peerKeysOf(new Uint8Array(32).fill(1)).peerId,
    psk: new Uint8Array(32),
    serverName: "example.org",
    random: { bytes: (length) => new Uint8Array(length).fill(state.drawn++) },
    wallClock: () => state.now + timers.elapsed(),
    admit: ({ name }) =>
      name === "taken" ? Promise.reject(new Error("no")) : Promise.resolve(Buffer.from(name)),
  });
  /** The box of these keys asks with a code; resolves with what it is told. */
  const join = async (code: string, { peerId }: PeerKeys, name = "shed"): Promise<string> => {
    const answerKeys = newAnswerKeys(realRandom);
    const about = { peerId, name, addresses: [], answerKey: answerKeys.publicKey };
    const request = sealJoinRequest(parseInvitation(code, state.now), about, realRandom);
    return Buffer.from(
      openJoinAnswer(await ask(peerId, request), answerKeys.secretKey) ?? [],
    ).toString();
  };
  return { invitations, timers, state, join };
}

test("strangers may knock until the invitation expires", async () => {
  const { invitations, timers, state } = inviter();
  const { expires_at: expiresAt } = invitations.create(HOUR_S);
  expect(expiresAt).toBe(state.now + HOUR_S * 1000);
  await timers.advance(HOUR_S * 1000 - 1);
  expect(state.isOpen).toBe(true);
  await timers.advance(1);
  expect([state.isOpen, timers.waiting]).toEqual([false, 0]);
});

test("a clock that was years ahead when a code was made, and is set back, does not keep it alive", async () => {
  const { invitations, timers, state } = inviter();
  state.now += 5 * YEAR_MS;
  invitations.create(HOUR_S);
  state.now -= 5 * YEAR_MS;
  // A second one looks at all that are open.
  invitations.create(2 * HOUR_S);
  state.sweeps = 0;
  await timers.advance(HOUR_S * 1000);
  expect(state.isOpen).toBe(true);
  await timers.advance(HOUR_S * 1000);
  expect([state.isOpen, timers.waiting]).toEqual([false, 0]);
  expect(state.sweeps).toBeLessThan(5);
});

test("a clock that is set forward ends a code as soon as anybody looks", async () => {
  const { invitations, timers, state } = inviter();
  invitations.create(HOUR_S);
  state.now += YEAR_MS;
  invitations.create(1);
  await timers.advance(1000);
  expect(state.isOpen).toBe(false);
});

test("a code lets one box in, and answers that one again", async () => {
  const { invitations, join } = inviter();
  const { code } = invitations.create(HOUR_S);
  const [shed, barn] = [2, 3].map((n) => peerKeysOf(new Uint8Array(32).fill(n))) as [
    PeerKeys,
    PeerKeys,
  ];
  await expect(join(code, shed, "taken")).rejects.toThrow("no");
  expect(await join(code, shed)).toBe("shed");
  expect(await join(code, shed)).toBe("shed");
  // A refusal now does not free the code for another one.
  await expect(join(code, shed, "taken")).rejects.toThrow("no");
  await expect(join(code, barn)).rejects.toMatchObject({ code: "refused" });
});
