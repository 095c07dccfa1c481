import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LINK_OPEN_MS } from "../../../mesh/transport/constants.ts";
import type { PeerKeys } from "../../../mesh/transport/identity.ts";
import { peerKeysOf } from "../../../mesh/transport/identity.ts";
import { requestJoin } from "../../../mesh/transport/join-protocol.ts";
import type { MeshTransport } from "../../../mesh/transport/mesh-transport.ts";
import { TransportError } from "../../../mesh/transport/transport.ts";
import { FakeTimers } from "./fake-timers.ts";
import { bytes, createNode, memberOf, nextLink, realRandom, realTimers, text } from "./support.ts";

const psk = realRandom.bytes(32);
const inviterKeys = peerKeysOf(realRandom.bytes(32));
const joinerKeys = peerKeysOf(realRandom.bytes(32));

/** Of two boxes that have no link the one with the lower ID opens it. */
function joinerThat(is: "lower" | "higher"): PeerKeys {
  for (;;) {
    const keys = peerKeysOf(realRandom.bytes(32));
    if (keys.box < inviterKeys.box === (is === "lower")) return keys;
  }
}
let inviter: MeshTransport;

beforeEach(async () => {
  inviter = await createNode({ keys: inviterKeys, psk });
  await inviter.start();
});
afterEach(() => inviter.stop());

const ask = (body: string, key = psk, keys = joinerKeys, host = inviter) =>
  requestJoin({
    keys,
    psk: key,
    inviterPeerId: inviterKeys.peerId,
    addresses: ["/ip4/127.0.0.1/tcp/9", ...host.addresses()],
    body: bytes(body),
    timeoutMs: 10_000,
    timers: realTimers,
  });

describe("joining (N=1, then 2)", () => {
  test("one question and one answer, with the joiner's proven peer ID", async () => {
    inviter.allowJoiners(true);
    inviter.onJoinRequest((peerId, body) =>
      Promise.resolve(bytes(`${peerId} asked ${text(body)}`)),
    );
    expect(text(await ask("let me in"))).toBe(`${joinerKeys.peerId} asked let me in`);
  });

  test("a joiner that was made a member during its request is linked when it starts", async () => {
    inviter.allowJoiners(true);
    inviter.onJoinRequest((peerId) => {
      inviter.setMembers([{ box: joinerKeys.box, peerId, addresses: [] }]);
      return Promise.resolve(bytes("welcome"));
    });
    await ask("let me in");
    const up = nextLink(inviter, "up", joinerKeys.box);
    const members = [memberOf(inviterKeys, inviter)];
    const joined = await createNode({ keys: joinerKeys, psk, members });
    await joined.start();
    await up;
    await joined.stop();
  });

  test.each(["lower", "higher"] as const)(
    "a joiner with the %s ID whose answer was lost is answered again, a member though it is, and linked then",
    async (is) => {
      const keys = joinerThat(is);
      inviter.allowJoiners(true);
      inviter.onJoinRequest((peerId) => {
        inviter.setMembers([{ box: keys.box, peerId, addresses: [] }]);
        return Promise.resolve(bytes("welcome"));
      });
      await ask("let me in", psk, keys);
      expect(text(await ask("let me in", psk, keys))).toBe("welcome");
      const up = nextLink(inviter, "up", keys.box);
      const joined = await createNode({ keys, psk, members: [memberOf(inviterKeys, inviter)] });
      await joined.start();
      await up;
      await joined.stop();
    },
  );

  test("a joiner with the lower ID that is a member is not cut off while it waits for its answer", async () => {
    const timers = new FakeTimers();
    const host = await createNode({ keys: inviterKeys, psk, timers });
    const keys = joinerThat("lower");
    host.setMembers([{ box: keys.box, peerId: keys.peerId, addresses: [] }]);
    host.allowJoiners(true);
    host.onJoinRequest(async () => {
      await timers.advance(LINK_OPEN_MS);
      return bytes("welcome");
    });
    await host.start();
    expect(text(await ask("let me in", psk, keys, host))).toBe("welcome");
    await host.stop();
  });

  test("gets nothing when no joiner is expected, or without the mesh key", async () => {
    inviter.onJoinRequest(() => Promise.resolve(bytes("secrets")));
    await expect(ask("let me in")).rejects.toMatchObject({ code: "link_down" });
    inviter.allowJoiners(true);
    await expect(ask("let me in", realRandom.bytes(32))).rejects.toMatchObject({
      code: "link_down",
    });
  });

  test("is told a refusal in the box's own words, and nothing about its other failures", async () => {
    inviter.allowJoiners(true);
    inviter.onJoinRequest(() => Promise.reject(new TransportError("refused", "already used")));
    await expect(ask("x")).rejects.toMatchObject({ code: "refused", message: "already used" });
    inviter.onJoinRequest(() => Promise.reject(new Error("disk path")));
    await expect(ask("x")).rejects.toMatchObject({
      code: "handler_failed",
      message: expect.not.stringContaining("disk"),
    });
  });
});
