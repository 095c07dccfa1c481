import type { MeshNode } from "../../mesh/mesh-node.ts";
import type { StoreStatus } from "../control/status.ts";
import type { Repair } from "./repair.ts";
import type { RotWatch } from "./rot-watch.ts";

const WAITING = "waiting for a box that has the data, since there is nothing on its own disk";
const PAUSED =
  "waiting some minutes before it goes on, since it ended soon after each of many starts";

/** Is everything here that should be? What is under way, if not, for the owner. */
export function storeStatus(
  node: MeshNode,
  repair: Pick<Repair, "status">,
  rot: Pick<RotWatch, "status">,
): StoreStatus {
  if (node.isLost) return { state: "repairing", note: WAITING };
  if (node.pause) return { state: "repairing", note: PAUSED };
  const copy = node.renewal.report();
  if (copy === undefined) {
    const { status } = repair;
    return status.state === "good" ? (rot.status ?? status) : status;
  }
  const { phase, from, done, problem } = copy;
  const name = node.membership.members().find(({ box }) => box === from)?.name ?? "another box";
  const what = {
    sending: "giving the other boxes what only it has, before it copies everything from one",
    copying: `copying everything from ${name}: ${Math.floor(done * 100)} %`,
    checking: `checking what it copied from ${name}`,
  }[phase];
  const note = problem === undefined ? what : `${what}; the last try failed: ${problem}`;
  return { state: "repairing", note };
}

/** Why clients are not answered, for people. */
export function refusalOf(node: MeshNode, repair: Pick<Repair, "refusal">): string | undefined {
  return repair.refusal ?? node.renewalRefusal;
}
