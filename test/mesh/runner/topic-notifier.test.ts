import { describe, expect, test } from "vitest";
import type { RoomId } from "../../../core/ids.ts";
import type { WakeTopic } from "../../../core/ports.ts";
import { TopicNotifier } from "../../../mesh/runner/topic-notifier.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const ROOM: WakeTopic = `room:${"!a" as RoomId}`;
const OTHER: WakeTopic = `room:${"!b" as RoomId}`;
const never = new AbortController().signal;

describe("a request that waits", () => {
  test("is woken once when one of its topics is touched", async () => {
    const timers = new FakeTimers();
    const notifier = new TopicNotifier(timers);
    const wait = notifier.wait([ROOM, OTHER], 1000, never);
    notifier.touch([ROOM, OTHER]);
    notifier.touch([ROOM]);
    expect(await wait).toBe(true);
    expect(timers.waiting).toBe(0);
  });

  test("is not woken by other topics, and not by what was touched before", async () => {
    const timers = new FakeTimers();
    const notifier = new TopicNotifier(timers);
    notifier.touch([ROOM]);
    const wait = notifier.wait([ROOM], 1000, never);
    notifier.touch([OTHER]);
    await timers.advance(1000);
    expect(await wait).toBe(false);
  });

  test("ends when it is aborted, before or while it waits", async () => {
    const timers = new FakeTimers();
    const notifier = new TopicNotifier(timers);
    const controller = new AbortController();
    const wait = notifier.wait([ROOM], 1000, controller.signal);
    controller.abort();
    expect(await wait).toBe(false);
    expect(await notifier.wait([ROOM], 1000, controller.signal)).toBe(false);
    expect(timers.waiting).toBe(0);
  });

  test("is refused when too many wait already", async () => {
    const notifier = new TopicNotifier(new FakeTimers());
    for (let i = 0; i < 5000; i++) void notifier.wait([ROOM], 1000, never);
    expect(() => notifier.wait([ROOM], 1000, never)).toThrow("try another one");
    notifier.touch([ROOM]);
    expect(() => notifier.wait([ROOM], 1000, never)).not.toThrow();
  });
});
