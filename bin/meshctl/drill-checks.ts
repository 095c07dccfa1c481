import type { Status } from "../control/status.ts";

/** Boxes that lack entries now, which those that people write through always do for a moment. */
export function lateBoxes({ boxes }: Status): string[] {
  return boxes.filter(({ behind }) => (behind ?? 1) > 0).map(({ name }) => name);
}

/** Why a drill may not begin now, for people; it must find the mesh whole. */
export function whyNot(status: Status, wanted: string | undefined): string | undefined {
  const { boxes, store, self } = status;
  const target = boxes.find(({ box, name }) => box === (wanted ?? self) || name === wanted);
  if (!target) return `There is no box ${wanted} in this mesh.`;
  if (boxes.length === 1) return "This mesh has one box; there is nothing to cut it off from.";
  if (status.isolated_until !== null) return "This box is in a drill already (meshctl drill heal).";
  if (store.state !== "good") return `This box is not well: ${store.note}.`;
  const down = boxes.filter(({ up, foreign }) => !up || foreign).map(({ name }) => name);
  if (down.length > 0) {
    return `Not now: ${down.join(", ")} is not connected. A drill on top of an outage is an outage.`;
  }
  return undefined;
}
