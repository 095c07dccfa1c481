import type { Logger, Random, Timers } from "../../core/ports.ts";
import type { BlobCopier } from "../../mesh/media/blob-copier.ts";
import type { BlobStore } from "../../mesh/media/blob-store.ts";
import { checkMedia } from "../../mesh/scrub/check-media.ts";
import { checkStore } from "../../mesh/scrub/check-store.ts";
import { Scrub } from "../../mesh/scrub/scrub.ts";
import { storeFiles } from "../../mesh/scrub/store-files.ts";
import type { LevelStore } from "../../mesh/store/level-store.ts";
import { STORE_ID_KEY } from "../../mesh/store/mesh-keys.ts";
import { readRotNote, writeRotNote } from "../../mesh/store/rot-note.ts";
import type { RotNote } from "../../mesh/store/rot-note.ts";
import { storePath } from "../../mesh/store/spare-folder.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import { BoxFactsExchange } from "./box-facts.ts";
import type { Config } from "../config/schema.ts";
import { scrubPaceOf } from "./settings.ts";
import { RotWatch } from "./rot-watch.ts";
import type { RotWatchDeps } from "./rot-watch.ts";

export interface HealthParts extends Omit<RotWatchDeps, "store" | "ask" | "keep"> {
  readonly home: string;
  readonly store: LevelStore;
  readonly transport: Transport;
  readonly version: string;
}

/** What is known of the disk of this box, and what other boxes say of theirs. */
export async function openHealth(
  parts: HealthParts,
): Promise<{ readonly rot: RotWatch; readonly facts: BoxFactsExchange }> {
  const { home, store } = parts;
  const note = await readRotNote(home);
  const facts = new BoxFactsExchange({ ...parts, isRotten: () => rot.isRotten });
  const keep = (noted: RotNote): Promise<void> => writeRotNote(home, noted);
  const ask = facts.ask.bind(facts);
  const deps = { ...parts, store: store.get(STORE_ID_KEY) ?? "", ask, keep };
  const rot = new RotWatch(deps, note);
  store.onRot((what) => rot.found(`Reading the store came upon damage (${what})`));
  return { rot, facts };
}

export interface ScrubParts {
  readonly home: string;
  readonly rot: RotWatch;
  readonly blobs: BlobStore;
  readonly copier: Pick<BlobCopier, "lookAtAll">;
  readonly config: Config;
  readonly random: Random;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Reads the store, as long as nothing in it is known to be rotten, and the media, from time to time. */
export function openScrub({
  home,
  rot,
  blobs,
  copier,
  random,
  config,
  ...deps
}: ScrubParts): Scrub {
  const unread = (error: unknown): void => rot.unread(error);
  const lost = (): void => copier.lookAtAll();
  async function* pass(): AsyncGenerator<number, void> {
    if (!rot.isRotten) {
      const found = yield* checkStore(storeFiles(storePath(home)), unread);
      if (found !== undefined) rot.found(found);
    }
    yield* checkMedia(blobs, random, { lost, unread });
  }
  const scrub = new Scrub({ ...deps, pace: scrubPaceOf(config), pass, done: () => rot.checked() });
  scrub.start();
  return scrub;
}
