import type { UserId } from "../ids.ts";
import type { Env } from "../ports.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { MEDIA_ID_BYTES, UNUSED_MEDIA_MS } from "./constants.ts";
import { toJson } from "./media-record.ts";

export interface CreatedMedia {
  readonly mediaId: string;
  /** Until when content must be uploaded, ms since the epoch. */
  readonly unusedExpiresAt: number;
}

/** Makes a media ID whose content comes later. */
export function createMedia(
  deps: Pick<Services, "runner">,
  input: { readonly user: UserId },
): Promise<CreatedMedia> {
  return deps.runner.run(reserveMediaId, input);
}

export function reserveMediaId(
  draft: Draft,
  input: { readonly user: UserId },
  env: Env,
): CreatedMedia {
  const mediaId = newMediaId(env);
  const created = millisecondsOf(env.time);
  draft.putFact("media", [mediaId], toJson({ user: input.user, created }));
  return { mediaId, unusedExpiresAt: created + UNUSED_MEDIA_MS };
}

export function newMediaId(env: Env): string {
  return Buffer.from(env.random.bytes(MEDIA_ID_BYTES)).toString("base64url");
}
