import { expect, test } from "vitest";
import { storeStatus } from "../../../bin/box/store-status.ts";
import type { Repair } from "../../../bin/box/repair.ts";
import type { MeshNode } from "../../../mesh/mesh-node.ts";

test("a box that waits before it begins one more life says so", () => {
  const node = { isLost: false, pause: { after: "aaaaaaaa.1", ms: 1 } } as MeshNode;
  const repair = { status: { state: "good", note: "" } } as Repair;
  expect(storeStatus(node, repair, { status: undefined })).toMatchObject({
    state: "repairing",
    note: expect.stringContaining("ended soon after each of many starts"),
  });
});
