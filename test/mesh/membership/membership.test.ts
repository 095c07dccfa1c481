import { expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import {
  Membership,
  parseBoxRecord,
  putBox,
  removeBox,
} from "../../../mesh/membership/membership.ts";
import type { BoxRecord } from "../../../mesh/membership/membership.ts";
import { boxOfName, openLedger } from "../journal/open-ledger.ts";

const quiet = (): void => undefined;
const LOGGER = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function recordOf(name: string, addresses: string[] = []): BoxRecord {
  return { box: boxOfName(name), name: `box ${name}`, peerId: `peer-${name}`, addresses, added: 5 };
}

async function opened(remembered: readonly BoxRecord[] = []) {
  const { ledger, state } = await openLedger();
  const membership = new Membership(state, ledger, remembered, LOGGER);
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
  return { membership, told, run, remove, ledger };
}

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
