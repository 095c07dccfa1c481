import type { BoxView, Evidence, Sending, Told } from "./evidence.ts";

/** Counts in the words of Jepsen's set test. */
export interface Counts {
  readonly attempted: number;
  readonly acknowledged: number;
  /** There though no client was ever told so: the answer was lost. */
  readonly recovered: number;
  readonly lost: readonly string[];
  /** There though nobody sent it. */
  readonly unexpected: readonly string[];
  readonly repeated: readonly string[];
  /**
   * Told once from each of two boxes that took the same request while they were apart, of which one
   * stays: no box could know better.
   */
  readonly twins: number;
}

export interface Judgement {
  readonly messages: Counts;
  readonly letters: Counts;
  readonly rowsCompared: number;
  /** What must not be, in words; empty when all is right. */
  readonly violations: readonly string[];
}

/** What must hold once everything has healed; `test/chaos/README.md` lists the rules. */
export function judge(evidence: Evidence): Judgement {
  const messages = countMessages(evidence);
  const letters = countLetters(evidence);
  const violations = [
    ...evidence.incidents,
    ...named("message", messages),
    ...named("to-device message", letters),
    ...untold(evidence),
    ...(evidence.rowsCompared > 0 ? [] : ["the boxes were not compared"]),
    ...differences(evidence.views),
    ...evidence.finalTopics
      .filter((topic) => !evidence.topics.has(topic))
      .map((topic) => `the topic is "${topic}", which nobody set`),
    ...repeatsOf(evidence.keysGiven).map((key) => `the one-time key ${key} was given twice`),
    ...[...evidence.namesGranted]
      .filter(([, owners]) => owners.size > 1)
      .map(([name, owners]) => `the name ${name} was granted to ${[...owners].join(" and ")}`),
  ];
  return { messages, letters, rowsCompared: evidence.rowsCompared, violations };
}

function countMessages({ messages, views, told }: Evidence): Counts {
  const lost: string[] = [];
  const unexpected: string[] = [];
  const repeated: string[] = [];
  const present = new Set<string>();
  for (const { box, messages: rooms } of views) {
    const there = new Set([...rooms.values()].flat());
    for (const { id, isAcknowledged } of messages.values()) {
      if (there.has(id)) present.add(id);
      else if (isAcknowledged) lost.push(`${id} (on ${box})`);
    }
    for (const [room, texts] of rooms) {
      const foreign = texts.filter((text) => messages.get(text)?.room !== room);
      unexpected.push(...foreign.map((text) => `${text} (on ${box})`));
      repeated.push(...repeatsOf(texts).map((text) => `${text} (on ${box})`));
    }
  }
  let twins = 0;
  for (const { device, events } of told) {
    for (const id of repeatsOf(events.map((event) => event.id))) {
      repeated.push(`${id} (told again to ${device})`);
    }
    for (const { text } of events) {
      if (!messages.has(text)) unexpected.push(`${text} (told to ${device})`);
    }
    const byId = new Map(events.map(({ id, text }) => [id, text]));
    for (const text of repeatsOf([...byId.values()])) {
      if (isTakenTwice(messages.get(text))) twins++;
      else repeated.push(`${text} (told again to ${device})`);
    }
  }
  return { ...tally(messages, present), lost, unexpected, repeated, twins };
}

function countLetters({ letters, told }: Evidence): Counts {
  const lost: string[] = [];
  const unexpected: string[] = [];
  const repeated: string[] = [];
  const present = new Set<string>();
  let twins = 0;
  for (const { device, letters: got } of told) {
    const there = new Set(got);
    for (const { id, room: to, isAcknowledged } of letters.values()) {
      if (to !== device) continue;
      if (there.has(id)) present.add(id);
      else if (isAcknowledged) lost.push(`${id} (to ${device})`);
    }
    for (const id of there) {
      if (letters.get(id)?.room !== device) unexpected.push(`${id} (told to ${device})`);
    }
    for (const id of repeatsOf(got)) {
      if (isTakenTwice(letters.get(id))) twins++;
      else repeated.push(`${id} (told again to ${device})`);
    }
  }
  return { ...tally(letters, present), lost, unexpected, repeated, twins };
}

function tally(
  sendings: ReadonlyMap<string, Sending>,
  present: ReadonlySet<string>,
): Pick<Counts, "attempted" | "acknowledged" | "recovered"> {
  const all = [...sendings.values()];
  const acknowledged = all.filter(({ isAcknowledged }) => isAcknowledged).length;
  const recovered = all.filter(({ id, isAcknowledged }) => !isAcknowledged && present.has(id));
  return { attempted: all.length, acknowledged, recovered: recovered.length };
}

function isTakenTwice(sending: Sending | undefined): boolean {
  return sending !== undefined && sending.boxes.size > 1;
}

function named(what: string, { lost, unexpected, repeated }: Counts): string[] {
  return [
    ...lost.map((id) => `acknowledged ${what} lost: ${id}`),
    ...unexpected.map((id) => `${what} that nobody sent: ${id}`),
    ...repeated.map((id) => `${what} repeated: ${id}`),
  ];
}

/** Every device must have been told of everything that is there. */
function untold({ views, told }: Evidence): string[] {
  const there = [...(views[0]?.messages.values() ?? [])].flat();
  return told.flatMap((one: Told) => {
    const known = new Set(one.events.map(({ text }) => text));
    return there
      .filter((text) => !known.has(text))
      .map((text) => `${one.device} was never told of ${text}`);
  });
}

function differences(views: readonly BoxView[]): string[] {
  const [first, ...others] = views;
  if (!first) return ["no box showed anything"];
  const between = others.flatMap(({ box, whole }) =>
    [...first.whole]
      .filter(([room, text]) => whole.get(room) !== text)
      .map(([room]) => `${box} and ${first.box} show ${room} differently`),
  );
  const within = views.flatMap(({ box, messages, latest }) =>
    [...latest]
      .filter(([room, texts]) => !endsWith(messages.get(room) ?? [], texts))
      .map(([room]) => `/sync and /messages of ${box} show ${room} differently`),
  );
  return [...between, ...within];
}

function endsWith(all: readonly string[], end: readonly string[]): boolean {
  return end.length > 0 && all.slice(-end.length).join("\n") === end.join("\n");
}

function repeatsOf(items: readonly string[]): string[] {
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const item of items) (seen.has(item) ? again : seen).add(item);
  return [...again];
}
