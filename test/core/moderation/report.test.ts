import { afterEach, beforeEach, expect, test } from "vitest";
import type { Command } from "../../../core/ports.ts";
import { keepReport, REPORTS_PER_USER_MAX } from "../../../core/moderation/report.ts";
import { puts } from "../../../core/tables.ts";
import { ALICE, BOB, LedgerBox } from "../rooms/ledger-box.ts";

let boxes: readonly LedgerBox[];
beforeEach(async () => {
  boxes = [await LedgerBox.open({ name: "a" }), await LedgerBox.open({ name: "b" })];
});
afterEach(() => boxes.forEach((box) => box.close()));

const report =
  (reason: string): Command<undefined, void> =>
  (draft, _, env) =>
    keepReport(draft, { reporter: BOB, subject: { user: ALICE }, reason }, env);

test("boxes that are apart keep all that a user reports, and no more than their share", async () => {
  for (const [n, box] of boxes.entries()) {
    for (let i = 0; i <= REPORTS_PER_USER_MAX; i++) await box.run(report(`${n}-${i}`));
  }
  const [a, b] = boxes as [LedgerBox, LedgerBox];
  await a.takeAll(b);
  await b.takeAll(a);
  const reasons = a.rows(puts).map(([, { value }]) => (value as { reason: string }).reason);
  expect(reasons).toHaveLength(2 * REPORTS_PER_USER_MAX);
  expect(reasons).not.toContain("0-0");
  expect(reasons).toContain(`0-${REPORTS_PER_USER_MAX}`);
  expect(reasons).toContain(`1-${REPORTS_PER_USER_MAX}`);
  expect(b.dump()).toEqual(a.dump());
});
