import { expect, test } from "vitest";
import { renderReports } from "../../../bin/meshctl/render-reports.ts";
import { COLUMNS_MAX } from "../../../bin/meshctl/table.ts";
import type { EventId, RoomId, UserId } from "../../../core/ids.ts";
import type { Report } from "../../../core/moderation/reports.ts";

const BOB = "@bob:example.org" as UserId;
const EVE = "@eve:example.org" as UserId;
const AT = Date.UTC(2026, 10, 23, 3, 20);

const message: Report = {
  id: "3f9a01bc",
  at: AT,
  reporter: BOB,
  about: "event",
  room: "!kitchen:example.org" as RoomId,
  room_name: "Kitchen",
  event: "$event" as EventId,
  user: EVE,
  excerpt: "you are all fools",
  reason: "this makes me sad",
};

test("reports are told in words, with how to be rid of them", () => {
  const user: Report = { id: "1", at: AT, reporter: BOB, about: "user", user: EVE, reason: "" };
  const room = "!none:example.org" as RoomId;
  const unnamed: Report = { id: "2", at: AT, reporter: EVE, about: "room", room, reason: "spam" };
  const reports = [message, user, unnamed];
  expect(`\n${renderReports({ reports, total: 5 })}\n`).toBe(`
5 reports, newest first.

3f9a01bc  2026-11-23 03:20 UTC  @bob:example.org reports a message of
  @eve:example.org in Kitchen (!kitchen:example.org)
  event: $event
  it says: you are all fools
  reason: this makes me sad

1  2026-11-23 03:20 UTC  @bob:example.org reports the user @eve:example.org
  reason: none given

2  2026-11-23 03:20 UTC  @eve:example.org reports the room !none:example.org
  reason: spam

2 older ones are not shown.

When one is dealt with: meshctl reports --close ID
`);
});

test("what users wrote cannot command the terminal, nor make long lines", () => {
  const words = `\u001b[2J\u202ered\r\nalert ${"x".repeat(500)}`;
  const report: Report = { ...message, excerpt: words, reason: words, room_name: words };
  const text = renderReports({ reports: [report], total: 1 });
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(COLUMNS_MAX);
});

test("no reports are good news", () => {
  expect(renderReports({ reports: [], total: 0 })).toBe("Nobody has reported anything.");
});
