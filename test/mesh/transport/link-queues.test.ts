import { describe, expect, test, vi } from "vitest";
import {
  FRAME_BYTES_MAX,
  PARCEL_BYTES_MAX,
  PARCEL_OVERHEAD_BYTES,
  RECEIVE_WINDOW_BYTES,
  SEND_QUEUE_BYTES_MAX,
  SEND_QUEUE_FRAMES_MAX,
} from "../../../mesh/transport/constants.ts";
import { LinkKind } from "../../../mesh/transport/link-protocol.ts";
import { decodeNamed } from "../../../mesh/transport/named-bytes.ts";
import { ReceiveQueue } from "../../../mesh/transport/receive-queue.ts";
import { SendQueue } from "../../../mesh/transport/send-queue.ts";
import { TransportError } from "../../../mesh/transport/transport.ts";
import { bytes, text } from "./support.ts";

const ignored = (): void => {};

/** Moves everything that the credit allows from one queue to the other. */
function pass(from: SendQueue, to: ReceiveQueue): number {
  let moved = 0;
  for (let parcels = from.next(); parcels.length > 0; parcels = from.next()) {
    for (const { kind, body } of parcels) to.push(body, kind === LinkKind.frameEnd);
    moved += parcels.length;
  }
  return moved;
}

describe("the queues of a link", () => {
  test("deliver big and small frames whole and in order", async () => {
    const got: string[] = [];
    const sender = new SendQueue();
    const receiver = new ReceiveQueue(
      (frame) => void got.push(text(decodeNamed(frame)?.bytes ?? bytes("bad"))),
      (credit) => sender.grant(credit),
    );
    const frames = ["a", "b".repeat(FRAME_BYTES_MAX), "", "c".repeat(PARCEL_BYTES_MAX), "d"];
    const sent = Promise.all(frames.map((frame) => sender.add("x", bytes(frame))));
    pass(sender, receiver);
    await sent;
    await vi.waitFor(() => expect(got).toHaveLength(frames.length), 10_000);
    expect(got).toEqual(frames);
  });

  test("hold the sender back while the listener is busy, and let it go on afterwards", async () => {
    const sender = new SendQueue();
    let release: () => void = ignored;
    const busy = new Promise<void>((resolve) => (release = resolve));
    const got: number[] = [];
    const receiver = new ReceiveQueue(
      (frame) => {
        got.push(frame.length);
        return got.length === 1 ? busy : undefined;
      },
      (credit) => sender.grant(credit),
    );
    const frame = new Uint8Array(1024 * 1024);
    const sent = Array.from({ length: 12 }, () => sender.add("x", frame));
    pass(sender, receiver);
    expect(got).toHaveLength(1);
    expect(pass(sender, receiver)).toBe(0);
    release();
    await vi.waitFor(() => expect(got.length).toBeGreaterThan(6), 10_000);
    pass(sender, receiver);
    await Promise.all(sent);
    await vi.waitFor(() => expect(got).toHaveLength(12), 10_000);
  });

  test("never have more under way than the window, however small the frames", async () => {
    const sender = new SendQueue();
    const receiver = new ReceiveQueue(() => new Promise<void>(ignored), ignored);
    for (let i = 0; i < SEND_QUEUE_FRAMES_MAX; i += 1)
      void sender.add("x", bytes("")).catch(ignored);
    const moved = pass(sender, receiver);
    expect(moved * PARCEL_OVERHEAD_BYTES).toBeLessThanOrEqual(RECEIVE_WINDOW_BYTES);
  });

  test("refuse a frame over the limit, and frames beyond what may wait", async () => {
    const sender = new SendQueue();
    const big = new Uint8Array(FRAME_BYTES_MAX);
    await expect(sender.add("x", new Uint8Array(FRAME_BYTES_MAX + 1))).rejects.toMatchObject({
      code: "too_large",
    });
    const fitting = Math.floor(SEND_QUEUE_BYTES_MAX / (FRAME_BYTES_MAX + PARCEL_OVERHEAD_BYTES));
    for (let i = 0; i < fitting; i += 1) void sender.add("x", big).catch(ignored);
    await expect(sender.add("x", big)).rejects.toMatchObject({ code: "queue_full" });
  });

  test("refuse more frames than may wait, even empty ones", async () => {
    const sender = new SendQueue();
    for (let i = 0; i < SEND_QUEUE_FRAMES_MAX; i += 1)
      void sender.add("x", bytes("")).catch(ignored);
    await expect(sender.add("x", bytes(""))).rejects.toMatchObject({ code: "queue_full" });
  });

  test("reject what waits when the link ends, and all that comes later", async () => {
    const sender = new SendQueue();
    const waiting = sender.add("x", bytes("a"));
    sender.close(new TransportError("link_down", "gone"));
    await expect(waiting).rejects.toMatchObject({ code: "link_down" });
    await expect(sender.add("x", bytes("b"))).rejects.toMatchObject({ code: "link_down" });
  });

  test("treat credit for what was never sent as a broken protocol", () => {
    expect(() => new SendQueue().grant(1)).toThrow(expect.objectContaining({ code: "protocol" }));
  });

  test("treat a sender that ignores its window, or sends an endless frame, as a broken protocol", () => {
    const part = new Uint8Array(PARCEL_BYTES_MAX);
    const push = (last: boolean) => () => {
      const receiver = new ReceiveQueue(() => new Promise<void>(ignored), ignored);
      for (let i = 0; i < RECEIVE_WINDOW_BYTES / PARCEL_BYTES_MAX; i += 1)
        receiver.push(part, last);
    };
    expect(push(true)).toThrow("window");
    expect(push(false)).toThrow("limit");
  });
});
