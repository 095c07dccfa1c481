import { describe, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { Frames } from "../../../mesh/transport/frames.ts";
import { encodeNamed } from "../../../mesh/transport/named-bytes.ts";
import { bytes, recordingLogger } from "./support.ts";

const BOX = "aaaaaaaa" as BoxId;

describe("frames", () => {
  test("that nobody can use are counted and harmless", async () => {
    const frames = new Frames(recordingLogger());
    frames.on("throws", () => {
      throw new Error("bad content");
    });
    frames.on("rejects", () => Promise.reject(new Error("bad content")));
    await frames.deliver(BOX, bytes(""));
    await frames.deliver(BOX, encodeNamed("nobody", bytes("x")));
    await frames.deliver(BOX, encodeNamed("throws", bytes("x")));
    await frames.deliver(BOX, encodeNamed("rejects", bytes("x")));
    expect(frames.badFrames).toBe(4);
  });

  test("that nobody listens to are no reason to worry the owner: a box may be starting", async () => {
    const logger = recordingLogger();
    const frames = new Frames(logger);
    await frames.deliver(BOX, encodeNamed("later", bytes("x")));
    expect(logger.lines.map(({ level }) => level)).toEqual(["debug"]);
    await frames.deliver(BOX, bytes("garbage"));
    expect(logger.lines.map(({ level }) => level)).toEqual(["debug", "warn"]);
  });

  test("do not fill the log when a member sends nothing but garbage", async () => {
    const logger = recordingLogger();
    const frames = new Frames(logger);
    for (let i = 0; i < 1000; i += 1) await frames.deliver(BOX, bytes("garbage"));
    expect(frames.badFrames).toBe(1000);
    expect(logger.lines).toHaveLength(10);
  });

  test("go to one listener for each channel, until it leaves", async () => {
    const frames = new Frames(recordingLogger());
    const got: string[] = [];
    const leave = frames.on("a", () => void got.push("first"));
    expect(() => frames.on("a", () => {})).toThrow("has a listener");
    await frames.deliver(BOX, encodeNamed("a", bytes("")));
    leave();
    leave();
    frames.on("a", () => void got.push("second"));
    leave();
    await frames.deliver(BOX, encodeNamed("a", bytes("")));
    expect(got).toEqual(["first", "second"]);
  });
});
