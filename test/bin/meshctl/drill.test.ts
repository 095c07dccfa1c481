import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { DrillFacts } from "../../../bin/control/protocol.ts";
import type { Status } from "../../../bin/control/status.ts";
import type { VerifyReport } from "../../../bin/control/verify-report.ts";
import type { Context } from "../../../bin/meshctl/context.ts";
import { whyNot } from "../../../bin/meshctl/drill-checks.ts";
import { meshctlProgram } from "../../../bin/meshctl/program.ts";
import { boxStatus, inMinutes, lostBox, statusOf } from "./status-fixture.ts";
import { verifyReport } from "./verify-fixture.ts";

interface Mesh {
  readonly printed: string;
  readonly exitCode: number;
  readonly verbs: readonly string[];
}

interface Play {
  readonly words: readonly string[];
  /** What meshd says of the mesh, this long after the cut, in milliseconds. */
  readonly statusAt: (passedMs: number, healed: boolean) => Status;
  /** The same before the cut, this long after the start. */
  readonly before?: (passedMs: number) => Status;
  readonly refused?: number;
  readonly outcome?: VerifyReport["outcome"];
  /** Ctrl-C this long after the cut. */
  readonly interruptAt?: number;
}

const NAMES = ["attic", "cellar", "kitchen"];
const WHOLE = statusOf(NAMES.map((name) => boxStatus(name)));

/** Runs `meshctl drill` against a meshd that the test plays, on a clock that moves with each wait. */
async function drill({
  words,
  statusAt,
  refused = 0,
  outcome = "equal",
  interruptAt,
  before = () => WHOLE,
}: Play): Promise<Mesh> {
  let now = 0;
  let cutAt: number | undefined;
  let healed = false;
  let exitCode = 0;
  let interrupt = (): void => undefined;
  const verbs: string[] = [];
  const facts = (): DrillFacts => {
    const passed = cutAt === undefined ? 0 : now - cutAt;
    const count = 1 + Math.floor(passed / 5000);
    return {
      entries: Object.fromEntries(WHOLE.boxes.map(({ box }) => [box, 100 + count])),
      writes: Object.fromEntries(
        WHOLE.boxes.map(({ box }) => [box, { accepted: count, refused, slowest_ms: 12 }]),
      ),
    };
  };
  const verify = verifyReport({ outcome, rows: 1234 });
  const output = new PassThrough();
  const context = {
    call: (_home: string, verb: string, params: { box?: string }) => {
      if (verb !== "status" && verb !== "drill.facts") verbs.push(verb);
      if (verb === "status") {
        const passed = cutAt === undefined ? undefined : now - cutAt;
        return Promise.resolve(passed === undefined ? before(now) : statusAt(passed, healed));
      }
      if (verb === "drill.facts") return Promise.resolve(facts());
      if (verb === "verify") return Promise.resolve(verify);
      if (verb === "drill.heal") healed = true;
      if (verb === "drill.start") cutAt = now;
      const found = WHOLE.boxes.find(({ name }) => name === (params.box ?? "attic"));
      return Promise.resolve({ box: found?.box, name: found?.name });
    },
    pause: (milliseconds: number) => {
      now += milliseconds;
      if (interruptAt !== undefined && cutAt !== undefined && now - cutAt >= interruptAt)
        interrupt();
      return Promise.resolve();
    },
    elapsed: () => now,
    onInterrupt: (listener: () => void) => {
      interrupt = listener;
      return () => (interrupt = () => undefined);
    },
    exit: (code: number) => void (exitCode = code),
    input: new PassThrough(),
    output,
    version: "1",
  } as unknown as Context;
  await meshctlProgram(context, "/home").parseAsync(["drill", ...words], { from: "user" });
  output.end();
  return { printed: (await Array.fromAsync(output)).join(""), exitCode, verbs };
}

const lost = statusOf([boxStatus("attic"), boxStatus("cellar"), lostBox("kitchen")]);
const late = statusOf([
  boxStatus("attic"),
  boxStatus("cellar"),
  boxStatus("kitchen", { behind: 7 }),
]);
const alone = statusOf([boxStatus("attic"), lostBox("cellar"), lostBox("kitchen")], {
  isolated_until: inMinutes(1),
});

describe("meshctl drill", () => {
  it("watches another box go and come back, and tells what was seen", async () => {
    const { printed, exitCode, verbs } = await drill({
      words: ["kitchen", "--minutes", "1", "--yes"],
      statusAt: (passed) => {
        if (passed > 500 && passed < 61_500) return lost;
        return passed >= 61_500 && passed < 63_000 ? late : WHOLE;
      },
    });
    expect(printed).toContain("A drill: kitchen is cut off from attic and cellar for 1 min.");
    expect(printed).toMatch(/0:00 {2}kitchen is cut off\n +0:15 {2}\d+ of \d+ test writes taken/);
    expect(printed).toContain("cut off        kitchen, for 1 min");
    expect(printed).toMatch(/entries made +attic 12, cellar 12, kitchen 12/);
    expect(printed).toMatch(/links back +1\.\d s after the end/);
    expect(printed).toMatch(/all caught up +1\.5 s after the links were back/);
    expect(printed).toMatch(/compared +equal, 1234 rows on each box/);
    expect(printed).toMatch(/PASSED: [^]*\n$/);
    expect(exitCode).toBe(0);
    expect(verbs).toEqual(["drill.start", "verify"]);
    for (const line of printed.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("says what becomes of the DNS, which a program may keep", async () => {
    const plan = async (change: Partial<Status>): Promise<string> => {
      const before = (): Status => ({ ...WHOLE, ...change });
      const statusAt = (passed: number): Status => (passed < 60_000 ? lost : WHOLE);
      const { printed } = await drill({ words: ["kitchen", "--yes"], statusAt, before });
      return printed;
    };
    expect(await plan({})).toContain("  - The DNS goes on naming kitchen: to clients it is up.\n");
    const dns = { keeper: WHOLE.self, listed: [], problem: null };
    const printed = await plan({ dns });
    expect(printed).not.toContain("goes on naming");
    expect(printed).toContain("The DNS leaves kitchen out after dns.patience_s");
  });

  it("heals this box at once when it is interrupted", async () => {
    const { printed, verbs, exitCode } = await drill({
      words: ["--minutes", "30", "--yes"],
      statusAt: (_, healed) => (healed ? WHOLE : alone),
      interruptAt: 10_000,
    });
    expect(verbs).toEqual(["drill.start", "drill.heal", "verify"]);
    expect(printed).toContain("attic, for 10 s (ended early)");
    expect(exitCode).toBe(0);
  });

  it.each([
    ["writes were refused", { refused: 1 }],
    ["the boxes differ afterwards", { outcome: "differs" as const }],
    ["it is not known whether they are equal", { outcome: "unsure" as const }],
  ])("fails where %s", async (_, how) => {
    const statusAt = (passed: number): Status => (passed < 60_000 ? lost : WHOLE);
    const { printed, exitCode } = await drill({ words: ["kitchen", "--yes"], statusAt, ...how });
    expect(printed).toContain("FAILED");
    expect(exitCode).toBe(1);
  });

  it("fails where the box does not come back, or does not catch up", async () => {
    const gone = await drill({
      words: ["kitchen", "--minutes", "1", "--yes"],
      statusAt: () => lost,
    });
    expect(gone.printed).toContain("NO, not within 2 min");
    expect(gone.exitCode).toBe(1);
    const statusAt = (passed: number): Status => (passed < 60_000 ? lost : late);
    const behind = await drill({ words: ["kitchen", "--minutes", "1", "--yes"], statusAt });
    expect(behind.printed).toMatch(/all caught up +NO/);
    expect(behind.verbs).toEqual(["drill.start"]);
    expect(behind.exitCode).toBe(1);
  });

  it("says so when the box does not cut its links", async () => {
    const play = { words: ["kitchen", "--yes"], statusAt: () => WHOLE };
    await expect(drill(play)).rejects.toThrow("did not");
  });

  it("waits a moment for boxes that lack what was just written, and not for ever", async () => {
    const statusAt = (passed: number): Status => (passed < 60_000 ? lost : WHOLE);
    const words = ["kitchen", "--yes"];
    const soon = await drill({ words, statusAt, before: (ms) => (ms < 3000 ? late : WHOLE) });
    expect(soon.exitCode).toBe(0);
    const never = drill({ words, statusAt, before: () => late });
    await expect(never).rejects.toThrow("kitchen is still catching up");
  });

  it("begins nothing without a yes", async () => {
    const play = { words: ["kitchen"], statusAt: () => WHOLE };
    await expect(drill(play)).rejects.toThrow("needs --yes");
  });

  it("prints only data with --json", async () => {
    const statusAt = (passed: number): Status => (passed < 60_000 ? lost : WHOLE);
    const { printed } = await drill({ words: ["kitchen", "--yes", "--json"], statusAt });
    expect(JSON.parse(printed)).toMatchObject({ name: "kitchen", passed: true });
  });
});

describe("whyNot", () => {
  it.each([
    [WHOLE, "box9", "There is no box box9"],
    [statusOf([boxStatus("attic")]), undefined, "one box"],
    [alone, undefined, "in a drill already"],
    [lost, undefined, "kitchen is not connected"],
    [{ ...WHOLE, store: { state: "repairing", note: "x" } } as Status, undefined, "not well: x"],
  ])("a drill does not begin (%#)", (status, box, reason) => {
    expect(whyNot(status, box)).toContain(reason);
  });

  it("a whole mesh may practise, any box of it", () => {
    for (const box of [undefined, ...NAMES]) expect(whyNot(WHOLE, box)).toBeUndefined();
  });
});
