import { closedOrigins, topicLog, topicVector } from "../tables.ts";
import type { LogEntry, Topic } from "../tables.ts";
import type { ApplyContext } from "./apply.ts";
import { advance, boxOf, compact, EMPTY_VECTOR, incarnationOf } from "../vector.ts";

/** Notes in a topic's log that the transaction brought something that clients can be told. */
export function logToTopic(context: ApplyContext, topic: Topic, entry: LogEntry): void {
  const { view, dot } = context;
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
  const vector = view.get(topicVector, [topic]) ?? EMPTY_VECTOR;
  const advanced = advance(vector, dot);
  view.put(
    topicVector,
    [topic],
    compact(advanced, (origin) => view.get(closedOrigins, [origin])),
  );
}
