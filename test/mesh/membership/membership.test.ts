import { expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import type { Reader, Snapshot } from "../../../core/ports.ts";
import {
  LOAD_AGAIN_MS,
  Membership,
  parseBoxRecord,
  putBox,
  removeBox,
} from "../../../mesh/membership/membership.ts";
import type { BoxRecord } from "../../../mesh/membership/membership.ts";
import { boxOfName, openLedger } from "../journal/open-ledger.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const quiet = (): void => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function recordOf(name: string, addresses: string[] = []): BoxRecord {
  return { box: boxOfName(name), name: `box ${name}`, peerId: `peer-${name}`, addresses, added: 5 };
}

async function opened(remembered: readonly BoxRecord[] = []) {
  const { ledger, state } = await openLedger();
  const timers = new FakeTimers();
  let isUnreadable = false;
  let reads = 0;
  const snapshot = (): Snapshot => {
    reads++;
    if (isUnreadable) throw new Error("EIO");
    return state.snapshot();
  };
  const reader: Reader = { get: state.get.bind(state), snapshot };
  const membership = new Membership({ reader, ledger, remembered, timers, logger });
  const told: BoxId[][] = [];
  membership.onChange((members) => told.push(members.map(({ box }) => box)));
  await membership.load();
  const run = async (command: typeof putBox, input: BoxRecord): Promise<void> => {
    await ledger.commit(command, input).written;
    await membership.load();
  };
  const remove = async (box: BoxId): Promise<void> => {
    await ledger.commit(removeBox, box).written;
    await membership.load();
  };
  const breakDisk = (isBroken: boolean): void => {
    isUnreadable = isBroken;
  };
  return { membership, told, run, remove, ledger, timers, breakDisk, reads: () => reads };
}

test("a list that the disk did not give is read again until it does", async () => {
  const { membership, run, ledger, timers, breakDisk } = await opened();
  await run(putBox, recordOf("b"));
  breakDisk(true);
  await ledger.commit(removeBox, boxOfName("b")).written;
  await timers.advance(2 * LOAD_AGAIN_MS);
  expect(membership.isRemoved(boxOfName("b"))).toBe(false);
  breakDisk(false);
  await timers.advance(LOAD_AGAIN_MS);
  await expect.poll(() => membership.isRemoved(boxOfName("b"))).toBe(true);
  expect(timers.waiting).toBe(0);
});

test("a list that is not read when the box stops is not tried again", async () => {
  const { membership, ledger, timers, breakDisk } = await opened();
  breakDisk(true);
  await ledger.commit(removeBox, boxOfName("b")).written;
  await timers.advance(0);
  membership.stop();
  expect(timers.waiting).toBe(0);
});

test.each([0, 1, 2, 3, 4, 5])(
  "whoever asks for the list %i turns after it was read gets one that is read later",
  async (turns) => {
    const { membership, ledger, reads } = await opened();
    const asked = Promise.withResolvers<number>();
    let isAsked = false;
    membership.onChange(() => {
      if (isAsked) return;
      isAsked = true;
      void (async () => {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        const before = reads();
        await membership.load();
        asked.resolve(reads() - before);
      })();
    });
    await ledger.commit(putBox, recordOf("b")).written;
    expect(await asked.promise).toBe(1);
  },
);

test("members are those of the mesh document, in the order of their IDs", async () => {
  const { membership, run, told } = await opened();
  await run(putBox, recordOf("b"));
  await run(putBox, recordOf("a"));
  expect(membership.members().map(({ box }) => box)).toEqual([boxOfName("a"), boxOfName("b")]);
  expect(told.at(-1)).toEqual([boxOfName("a"), boxOfName("b")]);
});

test("a box that tells its addresses anew stays as old as it was", async () => {
  const { membership, run } = await opened();
  await run(putBox, recordOf("b"));
  await run(putBox, { ...recordOf("b", ["/ip4/127.0.0.1"]), added: 99 });
  expect(membership.members()).toEqual([{ ...recordOf("b", ["/ip4/127.0.0.1"]), added: 5 }]);
});

test("members that are remembered count until the document names them itself", async () => {
  const { membership, run } = await opened([recordOf("b"), recordOf("c")]);
  await run(putBox, recordOf("b", ["/new"]));
  expect(membership.members()).toEqual([recordOf("b", ["/new"]), recordOf("c")]);
});

test("a removed box is no member, though it is remembered or says so itself", async () => {
  const { membership, run, remove, ledger } = await opened([recordOf("b")]);
  await run(putBox, recordOf("b"));
  await remove(boxOfName("b"));
  expect([membership.members(), membership.isRemoved(boxOfName("b"))]).toEqual([[], true]);
  await run(putBox, recordOf("b", ["/again"]));
  expect(membership.members()).toEqual([]);
  const before = ledger.lastOwn;
  await remove(boxOfName("b"));
  expect(ledger.lastOwn).toEqual(before);
});

test("records that no version wrote are passed over", () => {
  const good = { name: "x", peerId: "p", addresses: ["/a", 7], added: 3 };
  expect(parseBoxRecord("bbbbbbbb", good)?.addresses).toEqual(["/a"]);
  expect(parseBoxRecord("nobody", good)).toBeUndefined();
  for (const wrong of [undefined, [], { ...good, name: 1 }, { ...good, addresses: "x" }]) {
    expect(parseBoxRecord("bbbbbbbb", wrong)).toBeUndefined();
  }
});
