import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import { describe, expect, test } from "vitest";
import { DIAL_MS, LINK_OPEN_MS, LOOKUP_MS } from "../../../mesh/transport/constants.ts";
import { MemberDialler, type DialHost } from "../../../mesh/transport/libp2p-dialler.ts";
import { MemberList } from "../../../mesh/transport/member-list.ts";
import type { PeerLink } from "../../../mesh/transport/transport.ts";
import { FakeTimers } from "./fake-timers.ts";
import { recordingLogger, sortedKeys } from "./support.ts";

const [own, target, third] = sortedKeys(3) as [PeerKeys, PeerKeys, PeerKeys];
type PeerKeys = ReturnType<typeof sortedKeys>[number];
const OLD = ["/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/2"];
const NEW = "/ip4/10.0.0.3/tcp/3";

/** A dialler on a host whose dials and lookups the test answers. */
function setUp(options: { links?: PeerLink[]; linkAfterDial?: boolean; hangs?: boolean } = {}) {
  const timers = new FakeTimers();
  const logger = recordingLogger();
  const members = new MemberList(own.box, logger);
  members.set([{ box: target.box, peerId: target.peerId, addresses: OLD }]);
  const dials: string[][] = [];
  const lookups: unknown[] = [];
  const state = { up: false };
  const answer = <T>(value: T, signal: AbortSignal | undefined): Promise<T> =>
    options.hangs === true
      ? new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason as Error)),
        )
      : Promise.resolve(value);
  const host = {
    dial: (addresses: Multiaddr[], opts: { signal: AbortSignal }) => {
      dials.push(addresses.map((address) => address.toString().replace(/\/p2p\/.*/, "")));
      state.up = options.linkAfterDial === true;
      return answer({}, opts.signal);
    },
    peerRouting: {
      findPeer: (_: unknown, { signal, ...opts }: { signal: AbortSignal; useCache: boolean }) => {
        lookups.push(opts);
        return answer({ multiaddrs: [multiaddr(NEW)] }, signal);
      },
    },
  } as unknown as DialHost;
  const links = { isUp: () => state.up, list: () => options.links ?? [] };
  const dialler = new MemberDialler(host, members, links, { timers, logger });
  return { dialler, dials, lookups, timers, state };
}

const otherLink = { box: third.box, address: "", since: 0 };

describe("an attempt at a link", () => {
  test("starts with the remembered addresses and asks nobody", async () => {
    const { dialler, dials, lookups } = setUp({ links: [otherLink], linkAfterDial: true });
    await dialler.dial(target.box, 0);
    expect([dials, lookups]).toEqual([[OLD], []]);
  });

  test("asks the other boxes after a failure, and not its own memory", async () => {
    const { dialler, dials, lookups } = setUp({ links: [otherLink], linkAfterDial: true });
    await dialler.dial(target.box, 1);
    expect(lookups).toEqual([{ useCache: false }]);
    expect(dials[0]).toContain(NEW);
  });

  test("asks nobody when there is nobody to ask, and lets another address go first", async () => {
    const { dialler, dials, lookups } = setUp({ linkAfterDial: true });
    await dialler.dial(target.box, 1);
    expect([dials, lookups]).toEqual([[OLD.toReversed()], []]);
  });

  test("dials all the same when the lookup and then the dial hang, in bounded time", async () => {
    const { dialler, dials, timers } = setUp({ links: [otherLink], hangs: true });
    const attempt = dialler.dial(target.box, 1).catch((error: unknown) => error);
    await timers.advance(LOOKUP_MS);
    expect(dials).toHaveLength(1);
    await timers.advance(DIAL_MS);
    expect(await attempt).toMatchObject({ code: "timeout" });
    expect(timers.waiting).toBe(0);
  });

  test("fails when the connection becomes no link in time, or as soon as it is over", async () => {
    const { dialler, timers } = setUp();
    const slow = dialler.dial(target.box, 0).catch((error: unknown) => error);
    await timers.advance(LINK_OPEN_MS);
    expect(await slow).toMatchObject({ code: "link_down" });
    const cut = dialler.dial(target.box, 0).catch((error: unknown) => error);
    await timers.advance(0);
    dialler.settle(target.box);
    expect(await cut).toMatchObject({ code: "link_down" });
    expect(timers.waiting).toBe(0);
  });

  test("succeeds when the link comes up, whoever dialled", async () => {
    const { dialler, timers, state } = setUp();
    const attempt = dialler.dial(target.box, 0);
    await timers.advance(0);
    state.up = true;
    dialler.settle(target.box);
    await expect(attempt).resolves.toBeUndefined();
  });

  test("is nothing at all for a box that is linked or no member", async () => {
    const { dialler, dials, state } = setUp();
    await dialler.dial(third.box, 0);
    state.up = true;
    await dialler.dial(target.box, 0);
    expect(dials).toEqual([]);
  });
});
