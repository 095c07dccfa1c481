import { DISK_RESERVE_BYTES as MEDIA_RESERVE_BYTES } from "../../mesh/media/blob-store.ts";
import type { BoxStatus, Status } from "../control/status.ts";
import { bytes, count } from "./units.ts";

/** `whole`: every box is connected. `alone`: no other is. `split`: some are. */
export type MeshState = "whole" | "split" | "alone";

export interface MeshHealth {
  readonly state: MeshState;
  readonly up: number;
  readonly total: number;
  /** More than half of the boxes are connected, so names can be claimed. */
  readonly majority: boolean;
  readonly works: readonly Ability[];
}

/** Something that people do with the server, and whether it works right now. */
export interface Ability {
  readonly what: string;
  readonly ok: boolean;
  /** Why not, or under what reserve; empty when there is nothing to add. */
  readonly why: string;
}

/** The verdict on the mesh that the facts of `status` allow. */
export function meshHealth(status: Status): MeshHealth {
  const total = status.boxes.length;
  const isConnected = (box: BoxStatus): boolean =>
    box.box === status.self || (box.up && !box.foreign && status.isolated_until === null);
  const up = status.boxes.filter(isConnected).length;
  const majority = up > total / 2;
  const state = up === total ? "whole" : up === 1 ? "alone" : "split";
  const works = [
    ...chatting(status),
    ...uploading(status),
    naming(up, total),
    copying(up, total),
    agreeing(status, up, total),
  ];
  return { state, up, total, majority, works };
}

function chatting({ store, removed }: Status): Ability[] {
  const what = "logging in, messages, sync, encryption keys, media";
  if (removed) return [{ what, ok: false, why: "this box was removed from the mesh" }];
  switch (store.state) {
    case "good":
      return [{ what, ok: true, why: "" }];
    case "repairing":
      return [{ what, ok: false, why: `this box is ${store.note}` }];
    case "damaged":
      return [{ what, ok: false, why: `the disk of this box is damaged: ${store.note}` }];
    case "rotten":
      return [
        { what, ok: true, why: "" },
        { what: "reading all that was ever written", ok: false, why: store.note },
      ];
    case "refusing":
      return [
        { what: "reading: messages, sync, media", ok: true, why: "" },
        {
          what: "writing through this box: logging in, sending, uploading",
          ok: false,
          why: `${store.note} ${REMEDY}`,
        },
      ];
  }
}

/** What the owner can do about a disk that refuses. */
const REMEDY = "Make room or mend it, and the box goes on by itself.";

/** Told only where it is another matter than chatting: media goes on being served, and is taken elsewhere. */
function uploading({ store, removed, boxes, self }: Status): Ability[] {
  const free = boxes.find(({ box }) => box === self)?.disk_free_bytes ?? null;
  const takesWrites = !removed && (store.state === "good" || store.state === "rotten");
  if (!takesWrites || free === null || free >= MEDIA_RESERVE_BYTES) return [];
  const why = `only ${bytes(free)} are free, and ${bytes(MEDIA_RESERVE_BYTES)} stay for the rest. ${REMEDY}`;
  return [{ what: "uploading media through this box", ok: false, why }];
}

function naming(up: number, total: number): Ability {
  const needed = Math.floor(total / 2) + 1;
  const ok = up >= needed;
  const why = ok ? "" : `needs ${needed} of ${total} boxes, only ${up} here`;
  return { what: "new user names and room aliases", ok, why };
}

function copying(up: number, total: number): Ability {
  const what = "a second copy of every new message";
  if (up > 1) return { what, ok: true, why: "" };
  const why = total === 1 ? "there is no other box" : "no other box is connected";
  return { what, ok: false, why };
}

function agreeing(status: Status, up: number, total: number): Ability {
  const what = "the same answers from every box";
  const foreign = status.boxes.filter((box) => box.foreign).map(({ name }) => name);
  if (foreign.length > 0) {
    const names = foreign.join(", ");
    const why = `${names} and this box run versions that are too far apart; update the older one`;
    return { what, ok: false, why };
  }
  const late = status.boxes.filter((box) => box.up && (box.behind ?? 0) > 0);
  if (up < total) {
    const why = `${count(total - up, "box is", "boxes are")} not connected and will catch up`;
    return { what, ok: false, why };
  }
  if (late.length === 0) return { what, ok: true, why: "" };
  return { what, ok: false, why: `${late.map(({ name }) => name).join(", ")} still catching up` };
}
