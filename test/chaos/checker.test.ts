import { describe, expect, it } from "vitest";
import { judge } from "./checker.ts";
import type { BoxView, Evidence, Sending, Told } from "./evidence.ts";

const ROOM = "!kitchen";

function sending(id: string, options: Partial<Sending> = {}): [string, Sending] {
  return [id, { id, room: ROOM, isAcknowledged: true, boxes: new Set([1]), ...options }];
}

function view(box: string, texts: readonly string[], whole = texts.join()): BoxView {
  const messages = new Map([[ROOM, texts]]);
  return { box, messages, latest: messages, whole: new Map([[ROOM, whole]]) };
}

function told(device: string, texts: readonly string[], letters: string[] = []): Told {
  const events = texts.map((text) => ({ id: `$${text}`, room: ROOM, text }));
  return { device, events, letters };
}

/** Two messages and a to-device message that went well everywhere, and what is different in a test. */
function evidence(different: Partial<Evidence> = {}): Evidence {
  return {
    messages: new Map([sending("one"), sending("two")]),
    topics: new Set(["dinner"]),
    letters: new Map([sending("letter", { room: "bob" })]),
    told: [told("bob", ["one", "two"], ["letter"]), told("olga", ["one", "two"])],
    views: [view("box1", ["one", "two"]), view("box2", ["one", "two"])],
    finalTopics: ["dinner", "dinner"],
    keysGiven: ["K1", "K2"],
    namesGranted: new Map([["ann", new Set(["first"])]]),
    rowsCompared: 10,
    incidents: [],
    ...different,
  };
}

describe("the verdict", () => {
  it("finds nothing wrong where all went well", () => {
    const { violations, messages, letters } = judge(evidence());
    expect(violations).toEqual([]);
    expect(messages).toMatchObject({ attempted: 2, acknowledged: 2, recovered: 0, twins: 0 });
    expect(letters).toMatchObject({ attempted: 1, acknowledged: 1 });
  });

  it("counts what is there though its answer was lost, and leaves out what never was", () => {
    const messages = new Map([
      sending("one", { isAcknowledged: false }),
      sending("two"),
      sending("three", { isAcknowledged: false }),
    ]);
    const { violations, messages: counts } = judge(evidence({ messages }));
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ attempted: 3, acknowledged: 1, recovered: 1, lost: [] });
  });

  const wrong: [string, Partial<Evidence>, RegExp][] = [
    [
      "an acknowledged message that one box lacks",
      { views: [view("box1", ["one", "two"]), view("box2", ["two"])] },
      /acknowledged message lost: one \(on box2\)/,
    ],
    [
      "a message that nobody sent",
      { views: [view("box1", ["one", "two", "six"]), view("box2", ["one", "two", "six"])] },
      /message that nobody sent: six \(on box1\)/,
    ],
    [
      "a message in another room than it was sent to",
      { messages: new Map([sending("one"), sending("two", { room: "!garden" })]) },
      /message that nobody sent: two/,
    ],
    [
      "a message that is there twice",
      { views: [view("box1", ["one", "two", "one"]), view("box2", ["one", "two"])] },
      /message repeated: one \(on box1\)/,
    ],
    [
      "an event that a device is told twice",
      { told: [told("bob", ["one", "two", "one"], ["letter"])] },
      /message repeated: \$one \(told again to bob\)/,
    ],
    [
      "a device that is never told of a message",
      { told: [told("bob", ["two"], ["letter"])] },
      /bob was never told of one/,
    ],
    [
      "boxes that show different things",
      { views: [view("box1", ["one", "two"], "a"), view("box2", ["one", "two"], "b")] },
      /box2 and box1 show !kitchen differently/,
    ],
    [
      "a first sync with another end than the history",
      { views: [{ ...view("box1", ["one", "two"]), latest: new Map([[ROOM, ["one"]]]) }] },
      /\/sync and \/messages of box1 show !kitchen differently/,
    ],
    ["a topic that nobody set", { finalTopics: ["supper"] }, /the topic is "supper"/],
    [
      "a to-device message that is lost",
      { told: [told("bob", ["one", "two"])] },
      /acknowledged to-device message lost: letter/,
    ],
    [
      "a to-device message that one box took and that comes twice",
      { told: [told("bob", ["one", "two"], ["letter", "letter"])] },
      /to-device message repeated: letter/,
    ],
    [
      "a to-device message for somebody else",
      { told: [told("bob", ["one", "two"], ["letter"]), told("carl", ["one", "two"], ["letter"])] },
      /to-device message that nobody sent: letter \(told to carl\)/,
    ],
    ["a one-time key that is given twice", { keysGiven: ["K1", "K2", "K1"] }, /key K1 was given/],
    [
      "a name with two owners",
      { namesGranted: new Map([["ann", new Set(["first", "second"])]]) },
      /name ann was granted to first and second/,
    ],
    ["an incident", { incidents: ["box1 ended by itself"] }, /box1 ended by itself/],
    ["boxes that were not compared", { rowsCompared: 0 }, /boxes were not compared/],
    ["no box at all", { views: [] }, /no box showed anything/],
  ];

  it.each(wrong)("finds %s", (_, different, expected) => {
    const { violations } = judge(evidence(different));
    expect(violations).toContainEqual(expect.stringMatching(expected));
  });

  it("allows for two copies of one request only where two boxes were asked", () => {
    const copies = (boxes: number[]): Evidence => {
      const both = told("bob", ["one", "two"], ["letter", "letter"]);
      both.events.push({ id: "$other-one", room: ROOM, text: "one" });
      const tried = { boxes: new Set(boxes) };
      return evidence({
        messages: new Map([sending("one", tried), sending("two")]),
        letters: new Map([sending("letter", { room: "bob", ...tried })]),
        told: [both],
      });
    };
    const allowed = judge(copies([1, 2]));
    expect(allowed.violations).toEqual([]);
    expect([allowed.messages.twins, allowed.letters.twins]).toEqual([1, 1]);
    expect(judge(copies([1])).violations).toHaveLength(2);
  });
});
