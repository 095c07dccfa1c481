import { describe, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { LEARNED_ADDRESSES_MAX } from "../../../mesh/transport/constants.ts";
import { MemberList } from "../../../mesh/transport/member-list.ts";
import type { Member } from "../../../mesh/transport/transport.ts";
import { recordingLogger, sortedKeys } from "./support.ts";

const [own, a, b] = sortedKeys(3) as [PeerKeys, PeerKeys, PeerKeys];
type PeerKeys = ReturnType<typeof sortedKeys>[number];

function member(keys: PeerKeys, ...addresses: string[]): Member {
  return { box: keys.box, peerId: keys.peerId, addresses };
}

function list(...members: Member[]): MemberList {
  const fresh = new MemberList(own.box, recordingLogger());
  fresh.set(members);
  return fresh;
}

describe("the member list", () => {
  test("tries the owner's addresses for every member, also when the list is replaced", () => {
    const members = new MemberList(own.box, recordingLogger(), ["/ip4/9.9.9.9/tcp/9"]);
    for (const address of ["/ip4/1.1.1.1/tcp/1", "/ip4/2.2.2.2/tcp/2"]) {
      members.set([member(a, address)]);
      const dialled = members.dialAddresses(member(a, address)).map(String);
      expect(dialled).toEqual([`${address}/p2p/${a.peerId}`, `/ip4/9.9.9.9/tcp/9/p2p/${a.peerId}`]);
    }
  });

  test("tells who is new, better known, unchanged and gone", () => {
    const members = list(member(a, "/ip4/1.1.1.1/tcp/1"));
    expect(members.set([member(a, "/ip4/1.1.1.1/tcp/1"), member(b)])).toEqual({
      removed: [],
      improved: [member(b)],
    });
    expect(members.set([member(a, "/ip4/1.1.1.1/tcp/2")])).toEqual({
      removed: [member(b)],
      improved: [member(a, "/ip4/1.1.1.1/tcp/2")],
    });
    expect(members.byPeer(b.peerId)).toBeUndefined();
  });

  test("leaves out this box, and entries whose box ID is not their key's", () => {
    const forged = { ...member(a), box: "bbbbbbbb" as BoxId };
    const members = list(member(own), forged, { ...member(b), peerId: "nonsense" });
    expect([...members.all()]).toEqual([]);
  });

  test("dials what was learned last first, each address once, and passes over what is none", () => {
    const members = list(member(a, `/ip4/1.1.1.1/tcp/1/p2p/${a.peerId}`, "no address"));
    expect(members.learn(a.box, ["/ip4/2.2.2.2/tcp/2"])).toBe(true);
    expect(members.learn(a.box, ["/ip4/1.1.1.1/tcp/1", "/ip4/2.2.2.2/tcp/2"])).toBe(false);
    expect(members.dialAddresses(members.get(a.box)!).map(String)).toEqual([
      `/ip4/1.1.1.1/tcp/1/p2p/${a.peerId}`,
      `/ip4/2.2.2.2/tcp/2/p2p/${a.peerId}`,
    ]);
  });

  test("dials a learned address under the member's own peer ID, whoever claimed it", () => {
    const members = list(member(a));
    members.learn(a.box, [`/ip4/3.3.3.3/tcp/3/p2p/${b.peerId}`]);
    expect(members.dialAddresses(members.get(a.box)!).map(String)).toEqual([
      `/ip4/3.3.3.3/tcp/3/p2p/${a.peerId}`,
    ]);
  });

  test("keeps a bounded number of learned addresses, and none of strangers", () => {
    const members = list(member(a));
    for (let port = 1; port <= 100; port += 1) members.learn(a.box, [`/ip4/1.1.1.1/tcp/${port}`]);
    expect(members.dialAddresses(members.get(a.box)!)).toHaveLength(LEARNED_ADDRESSES_MAX);
    expect(members.learn(b.box, ["/ip4/1.1.1.1/tcp/1"])).toBe(false);
  });
});
