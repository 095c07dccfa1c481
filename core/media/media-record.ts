import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { View } from "../ports.ts";
import { puts } from "../tables.ts";

/** What is known of an uploaded file, in the `media` collection by media ID. */
export interface MediaRecord {
  readonly user: UserId;
  /** When the ID was made, ms since the epoch. */
  readonly created: number;
  /** SHA-256 of the content, hex; absent while an ID waits for its content. */
  readonly hash?: string;
  readonly sizeBytes?: number;
  readonly contentType?: string;
  readonly fileName?: string;
}

/** A record whose content is there. */
export type StoredMedia = MediaRecord & { readonly hash: string; readonly sizeBytes: number };

/** https://spec.matrix.org/v1.19/client-server-api/#content-repo-security-considerations */
export function isMediaId(text: string): boolean {
  return /^[\w-]{1,255}$/.test(text);
}

export function mediaRecord(view: View, mediaId: string): MediaRecord | undefined {
  const value = view.get(puts, ["media", mediaId])?.value;
  return isObject(value) ? (value as unknown as MediaRecord) : undefined;
}

export function isStored(record: MediaRecord): record is StoredMedia {
  return record.hash !== undefined && record.sizeBytes !== undefined;
}

export function toJson(record: MediaRecord): JsonObject {
  return { ...record };
}
