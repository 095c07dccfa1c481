import type { EventId, RoomId, UserId } from "../../core/ids.ts";
import type { DeviceView } from "./device-view.ts";
import type { Refreshed } from "./sessions.ts";
import type { SimClient } from "./sim-client.ts";

/** A message that a client tried to send, under one transaction ID. */
export interface Sending {
  readonly client: SimClient;
  readonly room: RoomId;
  readonly txnId: string;
  acknowledged: EventId | undefined;
}

/** Content that somebody uploaded. */
export interface Uploaded {
  readonly mediaId: string;
  readonly text: string;
}

/** What clients were told and did: the checks hold the boxes to it. */
export class Model {
  readonly views: DeviceView[] = [];
  readonly rooms: RoomId[] = [];
  readonly sendings: Sending[] = [];
  /** To-device messages by `<from> > <to>`: numbers that were acknowledged. */
  readonly directs = new Map<string, number[]>();
  /** Uploads that were acknowledged. */
  readonly uploads: Uploaded[] = [];
  /** Who got which one-time key. */
  readonly claimed = new Map<string, string[]>();
  /** Fallback keys that were given out. */
  readonly fallbacks = new Set<string>();
  /** Values to which each user name was granted. */
  readonly granted = new Map<UserId, Set<string>>();
  /** Sessions that were ended and acknowledged as such. */
  readonly ended: SimClient[] = [];
  /** Sessions that refresh their tokens, by the client whose user they are of. */
  readonly refreshed = new Map<string, Refreshed>();
  /** Banned for good by somebody whose power cannot be taken. */
  readonly banned: { readonly room: RoomId; readonly user: UserId }[] = [];
  /** Events whose redaction was acknowledged. */
  readonly redacted: EventId[] = [];
}
