import type { RoomId } from "../ids.ts";

/**
 * A client's transaction ID counts for one device and one path, so events carry it with the path:
 * `["send", room, event type, txnId]` or `["redact", room, event, txnId]` as JSON text. What was sent
 * later is `["delayed", room, event type, delay ID]`.
 * https://spec.matrix.org/v1.19/client-server-api/#transaction-identifiers
 */
export function scopedTransactionId(
  endpoint: "send" | "redact" | "delayed",
  room: RoomId,
  subject: string,
  txnId: string,
): string {
  return JSON.stringify([endpoint, room, subject, txnId]);
}

/** The `txnId` that the client chose, for `unsigned.transaction_id`. */
export function clientTransactionId(scoped: string): string | undefined {
  const { endpoint, id } = partsOf(scoped);
  return endpoint === "delayed" ? undefined : id;
}

/** The delay ID of an event that was sent later. */
export function delayIdOf(scoped: string): string | undefined {
  const { endpoint, id } = partsOf(scoped);
  return endpoint === "delayed" ? id : undefined;
}

function partsOf(scoped: string): { readonly endpoint: unknown; readonly id: string | undefined } {
  const parts = JSON.parse(scoped) as unknown;
  const list: readonly unknown[] = Array.isArray(parts) ? parts : [];
  const id = list.at(-1);
  return { endpoint: list[0], id: typeof id === "string" ? id : undefined };
}
