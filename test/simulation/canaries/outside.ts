import type { EffectLane } from "../../../core/ports.ts";
import { newMediaId } from "../../../core/media/create-media.ts";
import { recordMedia } from "../../../core/media/upload-media.ts";
import { redactTwin } from "../../../core/rooms/twin-lane.ts";
import { BUSY, replacing } from "./canary.ts";
import type { NamedCanary } from "./canary.ts";
/** Every so-manieth effect is done in another way. */
function everySoOften(
  wrong: (lane: EffectLane, ...rest: Parameters<EffectLane["perform"]>) => Promise<"done">,
): (lane: EffectLane) => EffectLane {
  let count = 0;
  return (lane) => ({
    ...lane,
    perform: (...args) => (++count % 7 === 0 ? wrong(lane, ...args) : lane.perform(...args)),
  });
}

export const EFFECTS: readonly NamedCanary[] = [
  {
    name: "an effect that is called done and was not",
    rule: "effects",
    effects: everySoOften(() => Promise.resolve("done")),
  },
  {
    name: "an effect that is done twice though nothing failed",
    rule: "effects",
    options: { ...BUSY, faults: {} },
    effects: everySoOften(async (lane, ...args) => {
      await lane.perform(...args);
      await lane.perform(...args);
      return "done";
    }),
  },
  {
    name: "a twin that clients keep",
    rule: "effects",
    options: { ...BUSY, faults: { isolate: 1 }, requestEveryMs: 100, responsesLost: 0.5, hops: 1 },
    sabotage: replacing(redactTwin, () => undefined),
  },
  {
    name: "an effect that nobody takes in hand",
    rule: "effects",
    effects: (lane) => ({ ...lane, targetsOf: () => Promise.resolve(["phone"]) }),
  },
  {
    name: "an effect that never comes to an end",
    rule: "effects",
    effects: (lane) => ({ ...lane, perform: () => Promise.resolve("failed") }),
  },
];

export const MEDIA: readonly NamedCanary[] = [
  {
    name: "content that one disk lost without a word",
    rule: "media",
    forge: ({ boxes: [first] }) => first?.disk.media.clear(),
  },
  {
    name: "content of which another box has a damaged copy",
    rule: "media",
    forge: ({ boxes: [, second] }) => {
      for (const bytes of second?.disk.media.values() ?? []) bytes[0] = 0;
    },
  },
  {
    name: "an upload of which the mesh is told nothing",
    rule: "media",
    sabotage: replacing(recordMedia, (_draft, _input, env) => newMediaId(env)),
  },
];
