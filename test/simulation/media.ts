import { createHash } from "node:crypto";
import { findMedia, readMedia } from "../../core/media/read-media.ts";
import { uploadMedia } from "../../core/media/upload-media.ts";
import { puts } from "../../core/tables.ts";
import type { Model, Uploaded } from "./model.ts";
import { SERVER } from "./sim-box.ts";
import type { SimClient } from "./sim-client.ts";
import type { World } from "./world.ts";

/** After healing every box has all content within this long: what failed is tried again every half minute. */
const COPIED_MS = 90_000;

/** Uploads a text; what is acknowledged must be on every box in the end. */
export async function uploadSomething(
  client: SimClient,
  model: Model,
  text: string,
): Promise<void> {
  const outcome = await client.call("upload", (deps) =>
    uploadMedia(deps, {
      user: client.user,
      body: once(text),
      contentType: "text/plain",
      fileName: undefined,
    }),
  );
  if (outcome.kind === "ok") model.uploads.push({ mediaId: outcome.value, text });
}

/** Reads what somebody uploaded: from whichever box, it is that or nothing. */
export async function downloadSomething(client: SimClient, model: Model): Promise<void> {
  if (model.uploads.length === 0) return;
  const { mediaId, text } = client.prng.pick(model.uploads);
  await client.call("download", async (deps) => {
    const query = { serverName: SERVER, mediaId, timeoutMs: 0, signal: NEVER };
    const chunks = await Array.fromAsync(await readMedia(deps, await findMedia(deps, query)));
    const read = Buffer.concat(chunks).toString();
    if (read !== text) throw new Error(`${mediaId} is "${read}" and not "${text}"`);
  });
}

/** Lets the boxes copy what they lack. */
export async function finishMedia(world: World, model: Model): Promise<void> {
  const { clock } = world;
  await clock.run(clock.nowMs + COPIED_MS, () => missing(world, model).length === 0);
}

/** I1, I17: acknowledged content is on every box, to the byte, unless every disk that had it was destroyed. */
export function checkMedia(world: World, model: Model): void {
  for (const what of missing(world, model)) world.violate("media", what);
}

function missing(world: World, model: Model): string[] {
  const { boxes, destroyedMedia } = world;
  return model.uploads.flatMap(({ mediaId, text }) => {
    const hash = hashOf({ text });
    if (destroyedMedia.has(hash) || world.isDestroyed(mediaId)) return [];
    return boxes.flatMap(({ id, node, disk }) => {
      const value = node?.state.get(puts, ["media", mediaId])?.value;
      if (JSON.stringify(value)?.includes(hash) !== true) return [`${id} knows no ${mediaId}`];
      const bytes = disk.media.get(hash);
      const isWhole = bytes !== undefined && Buffer.from(bytes).toString() === text;
      return isWhole ? [] : [`${id} lacks the content of ${mediaId}`];
    });
  });
}

export function hashOf({ text }: Pick<Uploaded, "text">): string {
  return createHash("sha256").update(text).digest("hex");
}

const NEVER = new AbortController().signal;

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
