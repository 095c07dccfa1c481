import type { JsonObject } from "../json.ts";
import { DELAY_MS_MAX, SCHEDULED_MAX } from "../delayed/schedule.ts";
import { DEFAULT_ROOM_VERSION, ROOM_VERSIONS } from "../room-version/table.ts";

/** https://spec.matrix.org/v1.19/client-server-api/#capabilities-negotiation */
export function capabilities(): JsonObject {
  const available = [...ROOM_VERSIONS.values()].map(({ id, stability }) => [id, stability]);
  return {
    "m.change_password": { enabled: true },
    "m.room_versions": {
      default: DEFAULT_ROOM_VERSION,
      available: Object.fromEntries(available) as Record<string, string>,
    },
    "m.profile_fields": { enabled: true },
    "m.set_displayname": { enabled: true },
    "m.set_avatar_url": { enabled: true },
    "m.3pid_changes": { enabled: false },
    "m.get_login_token": { enabled: false },
    "m.forget_forced_upon_leave": { enabled: false },
    "org.matrix.msc4140.delayed_events": {
      max_delay_ms: DELAY_MS_MAX,
      max_scheduled: SCHEDULED_MAX,
    },
  };
}
