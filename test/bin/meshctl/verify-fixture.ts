import type { VerifyReport } from "../../../bin/control/verify-report.ts";

/** What `verify` answers that found everything equal, but for `change`. */
export function verifyReport(change: Partial<VerifyReport> = {}): VerifyReport {
  return {
    outcome: "equal",
    duration_ms: 3217,
    rows: 412_345,
    same_moment: true,
    boxes: [],
    differences: [],
    more: false,
    being_written: [],
    undecided: 0,
    forks: [],
    refused: [],
    skipped: [],
    room_names: {},
    ...change,
  };
}
