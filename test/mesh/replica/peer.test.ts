import { describe, expect, test } from "vitest";
import { floorOf, originOf } from "../../../core/vector.ts";
import type { Origin, Vector } from "../../../core/vector.ts";
import { copySources, Peer } from "../../../mesh/replica/peer.ts";
import { TransportError } from "../../../mesh/transport/transport.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const A = boxOfName("a");
const [A1, A2] = [originOf(A, 1), originOf(A, 2)];
const B1 = originOf(boxOfName("b"), 1);
const positions = new Map<Origin, number>([
  [A1, 10],
  [A2, 4],
  [B1, 7],
]);

test("a batch that can never be sent is told loudly, once for each link", () => {
  const [peer, again] = [new Peer(A), new Peer(A)];
  expect(peer.failed(new TransportError("link_down", "the box hung up"))).toBe("debug");
  const tooLarge = new TransportError("too_large", "over the limit");
  expect([peer, peer, again].map((one) => one.failed(tooLarge))).toEqual([
    "error",
    "debug",
    "error",
  ]);
});

test("a peer that has said nothing lacks everything", () => {
  const peer = new Peer(A);
  expect(peer.lag(positions)).toBe(21);
  expect(peer.wants(positions)).toEqual([
    [A1, 1],
    [A2, 1],
    [B1, 1],
  ]);
});

test("a peer lacks what its vector does not cover, lives that it never met included", () => {
  const peer = new Peer(A);
  peer.heard({ [floorOf(A)]: 0, [A2]: 4, [B1]: 5 } as Vector);
  expect(peer.lag(positions)).toBe(12);
  expect(peer.wants(positions)).toEqual([
    [A1, 1],
    [B1, 6],
  ]);
  peer.heard({ [A2]: 4, [B1]: 7 } as Vector);
  expect(peer.wants(positions)).toEqual([]);
});

test("what is under way is not wanted again, until the peer is rewound to what it said", () => {
  const peer = new Peer(A);
  peer.heard({ [floorOf(A)]: 0, [A1]: 8, [A2]: 4, [B1]: 7 } as Vector);
  peer.sent = { ...peer.sent, [A1]: 10 };
  peer.batchesInFlight = 1;
  expect(peer.wants(positions)).toEqual([]);
  peer.rewind();
  expect([peer.wants(positions), peer.batchesInFlight]).toEqual([[[A1, 9]], 0]);
});

test("a peer that begins anew may have less than it said", () => {
  const peer = new Peer(A);
  peer.heard({ [A1]: 8 } as Vector);
  peer.isToldToCopy = true;
  peer.forget();
  expect([peer.vector, peer.sent]).toEqual([undefined, {}]);
  expect(peer.isToldToCopy).toBe(false);
});

test("a write does not wait for a peer that has to copy everything", () => {
  const peer = new Peer(A);
  peer.heard({ [floorOf(A)]: 0, [A1]: 8, [A2]: 4, [B1]: 7 } as Vector);
  expect(peer.keepsUp(positions)).toBe(true);
  peer.isToldToCopy = true;
  expect(peer.keepsUp(positions)).toBe(false);
});

describe("a store has to be copied", () => {
  const here = { [floorOf(A)]: 0, [A1]: 5 } as Vector;
  const peerWith = (name: string, vector: Vector | undefined, hasDropped: boolean): Peer => {
    const peer = new Peer(boxOfName(name));
    if (vector) peer.heard(vector);
    peer.hasDropped = hasDropped;
    return peer;
  };
  const ahead = { [floorOf(A)]: 0, [A1]: 9 } as Vector;

  test("when all boxes that have more have dropped some of it", () => {
    const peers = [
      peerWith("b", ahead, true),
      peerWith("c", ahead, true),
      peerWith("d", here, false),
    ];
    expect(copySources(peers, here).map(({ box }) => box)).toEqual(["b", "c"].map(boxOfName));
  });

  test("not while one of them can bring it, nor when nobody has more", () => {
    expect(copySources([peerWith("b", ahead, true), peerWith("c", ahead, false)], here)).toEqual(
      [],
    );
    expect(copySources([peerWith("b", here, true), peerWith("c", undefined, true)], here)).toEqual(
      [],
    );
    expect(copySources([], here)).toEqual([]);
  });
});
