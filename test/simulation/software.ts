import type { ServerSettings } from "../../core/services.ts";
import { isKnownRecord } from "../../core/transaction/known-records.ts";

export const SETTINGS: ServerSettings = {
  publicBaseUrl: undefined,
  openRegistration: true,
  registrationTokens: [],
  uploadBytesMax: 1024 * 1024,
  turn: undefined,
  rateLimits: false,
  version: "0.0.0-simulation",
};

/** What the version before this one knows: it has no effects. */
export function isKnownToOld(record: Parameters<typeof isKnownRecord>[0]): boolean {
  return isKnownRecord(record) && record.kind !== "effect" && record.kind !== "settled";
}
