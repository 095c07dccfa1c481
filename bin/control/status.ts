import type { BoxId, ServerName } from "../../core/ids.ts";

/** What the verb `status` answers: facts as seen from one box. Words and verdicts are `meshctl`'s. */
export interface Status {
  readonly server_name: ServerName;
  /** The answering box's clock, milliseconds since the epoch. */
  readonly now: number;
  readonly self: BoxId;
  /** Where clients reach the answering box. */
  readonly client_url: string;
  readonly registration_open: boolean;
  /** Until when a drill cuts the mesh links of this box; null without a drill. */
  readonly isolated_until: number | null;
  /** The answering box was removed from the mesh: it answers no clients any more. */
  readonly removed: boolean;
  readonly store: StoreStatus;
  readonly scrub: ScrubStatus;
  readonly journal: JournalStatus;
  /** Null where the answering box has no program that keeps the DNS records. */
  readonly dns: DnsStatus | null;
  /** All members, the answering box included, sorted by name. */
  readonly boxes: readonly BoxStatus[];
}

/** How much the answering box keeps of what was written, to pass it on. */
export interface JournalStatus {
  readonly entries: number;
  readonly bytes: number;
  /** So many stay for a box that lacks them. */
  readonly held_max: number;
  /** Boxes that lack more than what is kept for everybody, and how many entries. */
  readonly held_for: readonly { readonly box: BoxId; readonly entries: number }[];
}

/**
 * `repairing`: what is missing is being fetched, and `note` goes on from "this box is …". In the other
 * states it says what was found, or is empty.
 * `refusing`: the disk takes no writes, reading goes on; `note` says why.
 * `rotten`: a part of what is on the disk is not what was written, the rest is served; `note` says what,
 * and what happens next.
 */
export interface StoreStatus {
  readonly state: "good" | "repairing" | "damaged" | "refusing" | "rotten";
  readonly note: string;
}

/** Where clients are sent. */
export interface DnsStatus {
  /** The box that keeps the records now; null while none that serves can. */
  readonly keeper: BoxId | null;
  readonly listed: readonly BoxId[];
  /** Why the program of the answering box failed last, for people; null where it did not. */
  readonly problem: string | null;
}

/** What the box found when it read all that is on its disk. Times are milliseconds since the epoch. */
export interface ScrubStatus {
  /** When it last had read all; null where it has not since its start. */
  readonly checked: number | null;
  /** What the disk did not give, for people. */
  readonly trouble: string | null;
  /** What had rotted last, and since when the box runs on another store than the rotten one. */
  readonly mended: { readonly what: string; readonly at: number } | null;
}

/** One box. What a box that is down last said of itself is shown as it was; null is unknown. */
export interface BoxStatus {
  readonly box: BoxId;
  readonly name: string;
  readonly up: boolean;
  /** It is linked, but its version of the software and the answering box's do not replicate. */
  readonly foreign: boolean;
  /** Up since then, or not seen since then; milliseconds since the epoch. */
  readonly since: number | null;
  /** The address that the link uses, or the last one that worked. */
  readonly address: string | null;
  readonly version: string | null;
  /** Transactions that the answering box knows of and this one does not have yet. */
  readonly behind: number | null;
  readonly disk_used_bytes: number | null;
  readonly disk_free_bytes: number | null;
  readonly memory_bytes: number | null;
}
