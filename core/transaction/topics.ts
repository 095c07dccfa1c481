import { topicLog, topicVector } from "../tables.ts";
import type { LogEntry, Topic } from "../tables.ts";
import type { ApplyContext } from "./apply.ts";
import type { Dot, Origin, Vector } from "../vector.ts";
import { boxOf, covers, EMPTY_VECTOR, incarnationOf } from "../vector.ts";

/** Notes in a topic's log that the transaction brought something that clients can be told. */
export function logToTopic(context: ApplyContext, topic: Topic, entry: LogEntry): void {
  const { view, dot, causes } = context;
  context.touched.add(topic);
  const key: [Topic, ReturnType<typeof boxOf>, number, number] = [
    topic,
    boxOf(dot.origin),
    incarnationOf(dot.origin),
    dot.seq,
  ];
  const before = view.get(topicLog, key);
  view.put(topicLog, key, before ? [...before, entry] : [entry]);
  if (before) return;
  const newest = view.get(topicVector, [topic]) ?? EMPTY_VECTOR;
  view.put(topicVector, [topic], withNewest(newest, dot, causes));
}

/** The transactions on which no later one of the topic rests: mostly one, however many boxes lived. */
function withNewest(before: Vector, dot: Dot, causes: Vector): Vector {
  const out: Record<Origin, number> = {};
  for (const [origin, seq] of Object.entries(before) as [Origin, number][]) {
    if (!covers(causes, { origin, seq })) out[origin] = seq;
  }
  out[dot.origin] = dot.seq;
  return out;
}
