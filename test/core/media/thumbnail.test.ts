import { describe, expect, it } from "vitest";
import type { UserId } from "../../../core/ids.ts";
import type { StoredMedia } from "../../../core/media/media-record.ts";
import { thumbnailSize } from "../../../core/media/thumbnail.ts";
import type { ThumbnailWish } from "../../../core/media/thumbnail.ts";

function image(contentType: string, sizeBytes = 1000): StoredMedia {
  return { user: "@u:h" as UserId, created: 0, hash: "00", sizeBytes, contentType };
}

function wish(width: number, height: number, more: Partial<ThumbnailWish> = {}): ThumbnailWish {
  return { width, height, method: "scale", animated: false, ...more };
}

describe("thumbnailSize", () => {
  it.each([
    [wish(1, 1), [320, 240]],
    [wish(320, 240), [320, 240]],
    [wish(321, 1), [640, 480]],
    [wish(1, 500), [800, 600]],
    [wish(32, 33, { method: "crop" }), [96, 96]],
    [wish(5000, 5000), [4096, 4096]],
  ])("is never smaller than %j", (wanted, [width, height]) => {
    expect(thumbnailSize(image("image/png"), wanted)).toMatchObject({ width, height });
  });

  it("lets an image move only where that is wanted", () => {
    const moving = wish(1, 1, { animated: true });
    expect(thumbnailSize(image("image/gif"), moving)).toBeUndefined();
    expect(thumbnailSize(image("image/gif"), wish(1, 1))).toBeDefined();
    expect(thumbnailSize(image("image/jpeg"), moving)).toBeDefined();
  });

  it("reads a content type with parameters", () => {
    expect(thumbnailSize(image("Image/PNG; a=b"), wish(1, 1))).toBeDefined();
  });

  it.each([
    ["image/svg+xml", 10, 400],
    ["video/mp4", 10, 400],
    ["image/png", 20 * 1024 * 1024 + 1, 413],
  ])("refuses %s of %d bytes with %d", (type, bytes, status) => {
    expect(() => thumbnailSize(image(type, bytes), wish(1, 1))).toThrow(
      expect.objectContaining({ status }),
    );
  });
});
