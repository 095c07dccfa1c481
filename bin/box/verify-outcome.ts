import type { Comparison } from "../../mesh/verify/compare.ts";
import type { VerifyReport } from "../control/verify-report.ts";

/** The verdict on what was compared, if anything. Equal is only what was wholly compared. */
export function outcomeOf(
  comparison: Comparison | undefined,
  isEveryBox: boolean,
): VerifyReport["outcome"] {
  if (!comparison) return "unsure";
  const { differences, forks, undecided, isMore, skipped } = comparison;
  if (differences.length > 0 || forks.length > 0) return "differs";
  const isWhole = isEveryBox && undecided === 0 && !isMore && skipped.length === 0;
  return isWhole ? "equal" : "unsure";
}
