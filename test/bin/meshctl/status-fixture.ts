import type { BoxStatus, Status } from "../../../bin/control/status.ts";
import type { BoxId, ServerName } from "../../../core/ids.ts";

const NOW = Date.UTC(2026, 0, 2, 12);
const MINUTE_MS = 60_000;

/** A box that is up and well, but for what the test says. */
export function boxStatus(name: string, change: Partial<BoxStatus> = {}): BoxStatus {
  return {
    box: `${name.padEnd(8, "a")}`.slice(0, 8) as BoxId,
    name,
    up: true,
    foreign: false,
    since: NOW - 192 * MINUTE_MS,
    address: "/ip4/192.168.1.7/tcp/8009/p2p/12D3KooW",
    version: "0.1.0",
    behind: 0,
    disk_used_bytes: 1_234_000_000,
    disk_free_bytes: 26_100_000_000,
    memory_bytes: 143_000_000,
    ...change,
  };
}

/** A box not seen for five minutes. */
export function lostBox(name: string): BoxStatus {
  const change = { up: false, since: NOW - 5 * MINUTE_MS, behind: 12, memory_bytes: null };
  return boxStatus(name, change);
}

/** What the first of the boxes answers. */
export function statusOf(boxes: readonly BoxStatus[], change: Partial<Status> = {}): Status {
  const [self] = boxes;
  if (self === undefined) throw new Error("a status has at least one box");
  return {
    server_name: "example.org" as ServerName,
    now: NOW,
    self: self.box,
    client_url: "https://matrix.example.org",
    registration_open: false,
    isolated_until: null,
    removed: false,
    store: { state: "good", note: "" },
    scrub: { checked: null, trouble: null, mended: null },
    journal: { entries: 1234, bytes: 1_200_000, held_max: 200_000, held_for: [] },
    dns: null,
    boxes,
    ...change,
  };
}

export const inMinutes = (minutes: number): number => NOW + minutes * MINUTE_MS;
