import { beforeEach, describe, expect, it } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { Farewell } from "../../../mesh/membership/farewell.ts";
import type { Member, PeerLink } from "../../../mesh/transport/transport.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const [A, B, C] = ["a", "b", "c"].map((letter): Member => {
  return { box: letter.repeat(8) as BoxId, peerId: letter, addresses: [] };
}) as [Member, Member, Member];

let timers: FakeTimers;
let linked: Member[];
let told: string[];
let farewell: Farewell;
beforeEach(() => {
  timers = new FakeTimers();
  linked = [A, B];
  told = [];
  const transport = {
    links: () => linked.map(({ box }): PeerLink => ({ box, address: "", since: 0 })),
    setMembers: (members: readonly Member[]) => {
      told.push(members.map(({ peerId }) => peerId).join(""));
    },
  };
  farewell = new Farewell(transport, timers);
  farewell.setMembers([A, B, C]);
});

describe("boxes that are removed", () => {
  it("one that is linked stays until it knows, no longer", () => {
    farewell.setMembers([A, C]);
    expect(told.at(-1)).toBe("acb");
    farewell.knows(A.box);
    expect(told.at(-1)).toBe("acb");
    farewell.knows(B.box);
    expect(told.at(-1)).toBe("ac");
  });

  it("one that does not answer is cut off all the same", async () => {
    farewell.setMembers([A, C]);
    await timers.advance(1000);
    expect(told.at(-1)).toBe("ac");
  });

  it("one that is not linked is gone at once", () => {
    farewell.setMembers([A, B]);
    expect(told.at(-1)).toBe("ab");
  });
});
