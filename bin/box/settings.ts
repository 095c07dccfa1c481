import type { ServerSettings } from "../../core/services.ts";
import { JOURNAL_LIMITS } from "../../mesh/replica/truncator.ts";
import type { JournalLimits } from "../../mesh/replica/truncator.ts";
import { SCRUB_PACE } from "../../mesh/scrub/constants.ts";
import type { ScrubPace } from "../../mesh/scrub/constants.ts";
import type { Config } from "../config/schema.ts";

/** What core needs to know of mesh.yaml. */
export function settingsOf(config: Config, version: string): ServerSettings {
  const { client, registration, media, turn, well_known: wellKnown, limits } = config;
  return {
    publicBaseUrl: wellKnown.client ?? client.public_base_url,
    openRegistration: registration.open,
    registrationTokens: registration.tokens,
    uploadBytesMax: media.upload_bytes_max,
    turn:
      turn.uris.length === 0
        ? undefined
        : {
            uris: turn.uris,
            ...(turn.shared_secret === undefined ? {} : { sharedSecret: turn.shared_secret }),
            ...(turn.username === undefined ? {} : { username: turn.username }),
            ...(turn.password === undefined ? {} : { password: turn.password }),
            ttlSeconds: turn.ttl_s,
          },
    rateLimits: limits.rate_limits,
    version,
  };
}

/** What of the journal stays; its length is bounded as well, whatever was set. */
export function journalLimitsOf({ mesh }: Config): JournalLimits {
  const { journal_keep: keepEntries, journal_held: heldEntries } = mesh;
  return { ...JOURNAL_LIMITS, keepEntries, heldEntries: Math.max(keepEntries, heldEntries) };
}

/** How slowly the disk is read through. */
export function scrubPaceOf({ scrub }: Config): ScrubPace {
  return { ...SCRUB_PACE, intervalMs: scrub.every_s * 1000, bytesPerS: scrub.bytes_per_s };
}
