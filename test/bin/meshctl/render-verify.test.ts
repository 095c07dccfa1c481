import { describe, expect, it } from "vitest";
import type { RowDifference, VerifyReport } from "../../../bin/control/verify-report.ts";
import { renderVerify } from "../../../bin/meshctl/render-verify.ts";
import type { BoxId } from "../../../core/ids.ts";
import { verifyReport } from "./verify-fixture.ts";

const [ATTIC, CELLAR, KITCHEN] = ["atticaaa", "cellaraa", "kitchena"] as [BoxId, BoxId, BoxId];
const NAMES = { [ATTIC]: "attic", [CELLAR]: "cellar", [KITCHEN]: "kitchen" };

function reportOf(
  change: Partial<VerifyReport> = {},
  boxes = [ATTIC, CELLAR, KITCHEN],
): VerifyReport {
  const compared = boxes.map((box) => ({ box, name: NAMES[box] ?? box, compared: true, why: "" }));
  return verifyReport({ boxes: compared, ...change });
}

function differs(...found: Record<BoxId, string | null>[]): Partial<VerifyReport> {
  const differences: RowDifference[] = found.map((each, i) => ({
    about: "current state of rooms",
    key: ["!room", "m.room.topic", "", i],
    found: each,
  }));
  return { outcome: "differs", differences, room_names: { "!room": "Kit\u001b[2Jchen\u202e" } };
}

describe("renderVerify", () => {
  it("says in one line that all boxes have the same", () => {
    expect(renderVerify(reportOf())).toBe(
      "Equal: attic, cellar and kitchen have the same data.\n" +
        "Compared 412,345 rows of each box in 3.2 s.",
    );
  });

  it("names the rows that it could not compare since people were writing them", () => {
    const rows = Array.from({ length: 22 }, () => ({ about: "rooms", key: ["!room"] }));
    const report = reportOf({ being_written: rows, room_names: { "!room": "Kitchen" } });
    expect(renderVerify(report)).toMatch(
      /^Equal: attic, cellar and kitchen have the same data, apart from 22 rows that\npeople were writing\.\n/,
    );
    expect(renderVerify(report)).toContain("rooms: !room (Kitchen)");
    expect(renderVerify(report)).toContain("and 2 more");
    const one = { ...report, being_written: rows.slice(0, 1) };
    expect(renderVerify({ ...one, ...differs({ [ATTIC]: "x", [CELLAR]: "y" }) })).toContain(
      "rooms: !room (Kit",
    );
  });

  it("names what differs, who has what, and whom to refill", () => {
    const odd = { [ATTIC]: "x", [CELLAR]: "y", [KITCHEN]: "y" };
    const text = renderVerify(reportOf(differs(odd, { ...odd, [ATTIC]: null })));
    expect(text).toContain("NOT EQUAL: 2 rows differ between attic, cellar and kitchen.");
    expect(text).toContain("cellar, kitchen: the same; attic: another value");
    expect(text).toContain("cellar, kitchen: the same; attic: missing");
    expect(text).toContain("attic stands alone, so refill it");
    expect(text).toContain("1. Stop meshd on attic.");
  });

  it("accuses nobody where no box stands alone in all of it", () => {
    const one = { [ATTIC]: "x", [CELLAR]: "y", [KITCHEN]: "y" };
    const other = { [ATTIC]: "x", [CELLAR]: "x", [KITCHEN]: "y" };
    const all = { [ATTIC]: "x", [CELLAR]: "y", [KITCHEN]: "z" };
    for (const found of [[one, other], [all]]) {
      expect(renderVerify(reportOf(differs(...found)))).toContain("cannot be told from here");
    }
    const two = renderVerify(reportOf(differs({ [ATTIC]: "x", [CELLAR]: null }), [ATTIC, CELLAR]));
    expect(two).toContain("attic: there; cellar: missing");
    expect(two).toContain("cannot be told from here");
  });

  it("lets nobody write on the owner's terminal", () => {
    const text = renderVerify(reportOf(differs({ [ATTIC]: "x", [CELLAR]: "y" })));
    expect(text).toContain("!room (Kit [2Jchen)");
    expect(["\u001b", "\u202e"].filter((control) => text.includes(control))).toEqual([]);
  });

  it("shows some of very many differences, and says how many are left", () => {
    const found = Array.from({ length: 30 }, () => ({
      [ATTIC]: "x",
      [CELLAR]: "y",
      [KITCHEN]: "y",
    }));
    const text = renderVerify(reportOf({ ...differs(...found), more: true }));
    expect(text).toContain("NOT EQUAL: at least 30 rows differ");
    expect(text).toContain("and 10 more");
    expect(text.split("\n").length).toBeLessThan(60);
  });

  it("does not call equal what it could not compare", () => {
    const boxes = reportOf().boxes.map((each) =>
      each.box === CELLAR ? { ...each, compared: false, why: "it is not connected" } : each,
    );
    const text = renderVerify(reportOf({ outcome: "unsure", boxes }));
    expect(text).toMatch(/^As far as compared, attic and kitchen have the same data\./);
    expect(text).toContain("cellar: it is not connected.");
    const alone = boxes.map((each) => ({ ...each, compared: false, why: "it is not connected" }));
    expect(renderVerify(reportOf({ outcome: "unsure", boxes: alone }))).toMatch(
      /^Not known: no other/,
    );
    const changing = renderVerify(reportOf({ outcome: "unsure", undecided: 3 }));
    expect(changing).toMatch(/^Not known yet/);
    expect(changing).toContain("3 rows had not arrived everywhere,");
    const behind = renderVerify(reportOf({ outcome: "unsure", more: true }));
    expect(behind).toMatch(/^Not known yet/);
    expect(behind).toContain("More rows had not arrived everywhere than");
    const single = reportOf({ outcome: "unsure" }, [ATTIC]);
    expect(renderVerify(single)).toContain("this mesh has one box");
  });

  it("tells of parted journals, and of entries that are refused", () => {
    const fork = { of: KITCHEN, origin: "kitchena.1", seq: 17, between: [ATTIC, CELLAR] as const };
    const refused = [{ box: KITCHEN, reason: "entry 18 does not continue its chain" }];
    const text = renderVerify(reportOf({ outcome: "differs", forks: [fork], refused }));
    expect(text).toContain("NOT EQUAL: journals of");
    expect(text).toContain("Entry 17 of kitchen (kitchena.1) is not the same on attic and cellar.");
    expect(text).toContain("takes no more entries of kitchen: entry 18");
  });

  it("fits into 80 columns", () => {
    const odd = { [ATTIC]: "x", [CELLAR]: "y", [KITCHEN]: "y" };
    for (const report of [
      reportOf(differs(odd)),
      reportOf({ being_written: [{ about: "rooms", key: ["!room"] }] }),
      reportOf({ outcome: "unsure", undecided: 3, skipped: ["events", "rooms"] }),
    ]) {
      for (const line of renderVerify(report).split("\n"))
        expect(line.length).toBeLessThanOrEqual(80);
    }
  });
});
