import { expect, it } from "vitest";
import { meshHealth } from "../../../bin/meshctl/mesh-health.ts";
import { boxStatus, inMinutes, lostBox, statusOf } from "./status-fixture.ts";

const up = boxStatus;

/** The things that do not work, in order, with their reasons. */
function broken(status: Parameters<typeof meshHealth>[0]): string[] {
  return meshHealth(status)
    .works.filter(({ ok }) => !ok)
    .map(({ what, why }) => `${what}: ${why}`);
}

it("three boxes of three: whole, all works", () => {
  const status = statusOf([up("a"), up("b"), up("c")]);
  expect(meshHealth(status)).toMatchObject({ state: "whole", up: 3, total: 3, majority: true });
  expect(broken(status)).toEqual([]);
});

it("two boxes of three: split, names still work", () => {
  const status = statusOf([up("a"), up("b"), lostBox("c")]);
  expect(meshHealth(status)).toMatchObject({ state: "split", up: 2, majority: true });
  expect(broken(status)).toEqual([
    "the same answers from every box: 1 box is not connected and will catch up",
  ]);
});

it("one box of three: alone, chatting goes on, names do not", () => {
  const status = statusOf([up("a"), lostBox("b"), lostBox("c")]);
  expect(meshHealth(status)).toMatchObject({ state: "alone", up: 1, majority: false });
  expect(broken(status)).toEqual([
    "new user names and room aliases: needs 2 of 3 boxes, only 1 here",
    "a second copy of every new message: no other box is connected",
    "the same answers from every box: 2 boxes are not connected and will catch up",
  ]);
});

it("a disk that takes no writes: reading goes on, and the owner is told what to do", () => {
  const store = { state: "refusing", note: "The disk of this box is full." } as const;
  const status = statusOf([up("a"), up("b"), up("c")], { store });
  expect(broken(status)).toEqual([
    "writing through this box: logging in, sending, uploading: The disk of this box is full. " +
      "Make room or mend it, and the box goes on by itself.",
  ]);
  expect(meshHealth(status).works[0]).toMatchObject({
    what: "reading: messages, sync, media",
    ok: true,
  });
});

it("a disk with too little room for media: chatting goes on, and the owner is told what does not", () => {
  const status = statusOf([up("a", { disk_free_bytes: 200_000_000 }), up("b"), up("c")]);
  expect(broken(status)).toEqual([
    "uploading media through this box: only 200 MB are free, and 268 MB stay for the rest. " +
      "Make room or mend it, and the box goes on by itself.",
  ]);
  const elsewhere = [up("a"), up("b", { disk_free_bytes: 0 }), up("c", { disk_free_bytes: null })];
  expect(broken(statusOf(elsewhere))).toEqual([]);
  const store = { state: "refusing", note: "The disk of this box is full." } as const;
  const full = statusOf([up("a", { disk_free_bytes: 0 }), up("b"), up("c")], { store });
  expect(broken(full)).toHaveLength(1);
});

it("a store in which something has rotted: chatting goes on, and the owner is told what does not", () => {
  const store = { state: "rotten", note: "table 000005 is gone. Wait." } as const;
  const status = statusOf([up("a"), up("b"), up("c")], { store });
  expect(broken(status)).toEqual([
    "reading all that was ever written: table 000005 is gone. Wait.",
  ]);
  expect(meshHealth(status).works[0]).toMatchObject({ ok: true, why: "" });
});

it("half of the boxes is no majority", () => {
  const status = statusOf([up("a"), up("b"), lostBox("c"), lostBox("d")]);
  expect(meshHealth(status)).toMatchObject({ state: "split", majority: false });
});

it("a box of its own is whole", () => {
  const status = statusOf([up("a")]);
  expect(meshHealth(status)).toMatchObject({ state: "whole", majority: true });
  expect(broken(status)).toEqual(["a second copy of every new message: there is no other box"]);
});

it("a drill makes a box alone, whatever its links say", () => {
  const status = statusOf([up("a"), up("b"), up("c")], { isolated_until: inMinutes(4) });
  expect(meshHealth(status).state).toBe("alone");
});

it("names the boxes that are still catching up", () => {
  const status = statusOf([up("a"), up("b", { behind: 3 })]);
  expect(broken(status)).toEqual(["the same answers from every box: b still catching up"]);
});

it("a box of a version too far away is as good as not connected", () => {
  const status = statusOf([up("a"), up("b", { foreign: true }), up("c")]);
  expect(meshHealth(status)).toMatchObject({ state: "split", up: 2 });
  expect(broken(status)).toEqual([
    "the same answers from every box: b and this box run versions that are too far apart; " +
      "update the older one",
  ]);
});

it("a store under repair serves nobody", () => {
  const store = { state: "repairing", note: "12 of 40 transactions" } as const;
  expect(broken(statusOf([up("a"), up("b")], { store }))).toEqual([
    expect.stringContaining("12 of 40 transactions"),
  ]);
});

it("a box that was removed serves nobody", () => {
  expect(broken(statusOf([up("a"), up("b")], { removed: true }))).toEqual([
    expect.stringContaining("this box was removed from the mesh"),
  ]);
});
