import type { RoomId } from "../ids.ts";

/**
 * A client's transaction ID counts for one device and one path, so events carry it with the path:
 * `["send", room, event type, txnId]` or `["redact", room, event, txnId]` as JSON text.
 * https://spec.matrix.org/v1.19/client-server-api/#transaction-identifiers
 */
export function scopedTransactionId(
  endpoint: "send" | "redact",
  room: RoomId,
  subject: string,
  txnId: string,
): string {
  return JSON.stringify([endpoint, room, subject, txnId]);
}

/** The `txnId` that the client chose, for `unsigned.transaction_id`. */
export function clientTransactionId(scoped: string): string | undefined {
  const parts = JSON.parse(scoped) as unknown;
  const id: unknown = Array.isArray(parts) ? parts.at(-1) : undefined;
  return typeof id === "string" ? id : undefined;
}
