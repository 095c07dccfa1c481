import { describe, expect, it } from "vitest";
import { admitJoiner } from "../../../bin/box/admit-joiner.ts";
import { decodeJoinGrant } from "../../../bin/home/join-grant.ts";
import { newSecrets } from "../../../bin/home/secrets.ts";
import type { BoxId, ServerName } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";
import type { BoxRecord, Membership } from "../../../mesh/membership/membership.ts";
import { peerKeysOf } from "../../../mesh/transport/identity.ts";
import type { LinkEvent, PeerLink } from "../../../mesh/transport/transport.ts";
import { BoxTimers, SimClock } from "../../simulation/sim-clock.ts";
import { boxOfName } from "../../mesh/journal/open-ledger.ts";

const [ATTIC, KITCHEN, SHED] = ["a", "b", "c"].map(boxOfName) as [BoxId, BoxId, BoxId];
const JOINER = peerKeysOf(new Uint8Array(32).fill(7));
const REQUEST = {
  peerId: JOINER.peerId,
  name: "barn",
  addresses: [],
  answerKey: new Uint8Array(32),
};

/** The door of the attic, of a mesh of these boxes. */
function doorOf(members: readonly BoxId[], removed: readonly BoxId[] = []) {
  const clock = new SimClock();
  const added: string[] = [];
  const up: PeerLink[] = [];
  let listener: ((event: LinkEvent) => void) | undefined;
  const records = members.map((box): BoxRecord => ({
    box,
    name: `box ${box}`,
    peerId: "p",
    addresses: [],
    added: 0,
  }));
  const run = (_command: unknown, { box }: BoxRecord): Promise<void> => {
    added.push(box);
    return Promise.resolve();
  };
  const admit = admitJoiner({
    services: {
      runner: { run } as unknown as Services["runner"],
      serverName: "hearth.test" as ServerName,
      now: () => 0 as HybridTime,
    },
    node: {
      membership: {
        members: () => records,
        isRemoved: (box: BoxId) => removed.includes(box),
      } as unknown as Membership,
      memberIds: () => [...members],
    },
    transport: {
      self: ATTIC,
      links: () => up,
      onLink: (told) => {
        listener = told;
        return () => (listener = undefined);
      },
    },
    timers: new BoxTimers(clock),
    secrets: newSecrets((length) => new Uint8Array(length).fill(1)),
  });
  const connect = (box: BoxId): void => {
    up.push({ box, address: "", since: 0 });
    listener?.({ kind: "up", box, address: "" });
  };
  return { admit, added, clock, connect, isWaiting: () => listener !== undefined };
}

describe("a box that wants to join", () => {
  it("is let in where most of the others are connected, and told who they are", async () => {
    const { admit, added, connect } = doorOf([ATTIC, KITCHEN, SHED]);
    connect(SHED);
    const grant = decodeJoinGrant(await admit(REQUEST));
    expect(grant?.members.map(({ box }) => box)).toEqual([ATTIC, KITCHEN, SHED]);
    expect(added).toEqual([JOINER.box]);
  });

  it("waits for one that is only starting", async () => {
    const { admit, added, clock, connect, isWaiting } = doorOf([ATTIC, KITCHEN]);
    const admitted = admit(REQUEST);
    await clock.run(5000);
    expect(added).toEqual([]);
    connect(KITCHEN);
    await admitted;
    expect(added).toEqual([JOINER.box]);
    expect(isWaiting()).toBe(false);
  });

  it("is refused where most of the others are out of reach, and nothing is written", async () => {
    const { admit, added, clock, isWaiting } = doorOf([ATTIC, KITCHEN, SHED]);
    const admitted = admit(REQUEST);
    const refusal = admitted.catch((error: unknown) => error);
    await clock.run(20_000);
    expect(await refusal).toMatchObject({
      code: "refused",
      message: expect.stringContaining("Only 1 of 3 boxes are connected."),
    });
    expect(added).toEqual([]);
    expect(isWaiting()).toBe(false);
  });

  it("is refused where it was removed, which nothing undoes", async () => {
    const { admit, added } = doorOf([ATTIC], [JOINER.box]);
    await expect(admit(REQUEST)).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("empty its home folder"),
    });
    expect(added).toEqual([]);
  });

  it("does not count among those when it asks once more, its answer lost", async () => {
    const { admit, added } = doorOf([ATTIC, JOINER.box]);
    await admit(REQUEST);
    expect(added).toEqual([JOINER.box]);
  });
});
