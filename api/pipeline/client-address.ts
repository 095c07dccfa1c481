import type { IncomingMessage } from "node:http";

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const ADDRESS = /^[0-9a-fA-F.:]{2,45}$/;

/**
 * Where a request comes from. A reverse proxy on this machine is believed about it: it appends the
 * address that it saw, so only the last entry is its own word.
 */
export function clientAddress(request: IncomingMessage): string {
  const peer = request.socket.remoteAddress ?? "unknown";
  const forwarded = request.headers["x-forwarded-for"];
  if (forwarded === undefined || !LOOPBACK.test(peer)) return peer;
  const text = Array.isArray(forwarded) ? forwarded.join(",") : forwarded;
  const last = text.split(",").at(-1)?.trim() ?? "";
  return ADDRESS.test(last) ? last : peer;
}
