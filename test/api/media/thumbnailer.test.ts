import sharp from "sharp";
import type { Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { Thumbnailer } from "../../../api/media/thumbnailer.ts";
import type { ThumbnailSize } from "../../../core/media/thumbnail.ts";

const CROP: ThumbnailSize = { width: 96, height: 96, method: "crop" };
const SCALE: ThumbnailSize = { width: 320, height: 240, method: "scale" };

function picture(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  return sharp({
    create: { width, height, channels, background: { r: 1, g: 2, b: 3, alpha: 0.5 } },
  });
}

/** A source that counts how often it was read. */
function source(bytes: Uint8Array): { reads: number; read(): Promise<AsyncIterable<Uint8Array>> } {
  return {
    reads: 0,
    async read() {
      this.reads += 1;
      return (async function* chunks() {
        yield bytes;
      })();
    },
  };
}

async function make(image: Uint8Array, size: ThumbnailSize): Promise<unknown> {
  const made = await new Thumbnailer().make("hash", size, () => source(image).read());
  if (made === "original") return made;
  const { width, height, format } = await sharp(made.bytes).metadata();
  return [made.contentType, format, width, height];
}

const DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500"/>';
const photo = (): Promise<Buffer> => picture(500, 500).jpeg().toBuffer();

describe("Thumbnailer", () => {
  it("crops to the shape and scales within it", async () => {
    const wide = await picture(1000, 500).jpeg().toBuffer();
    expect(await make(wide, CROP)).toEqual(["image/jpeg", "jpeg", 96, 96]);
    expect(await make(wide, SCALE)).toEqual(["image/jpeg", "jpeg", 320, 160]);
  });

  it("keeps what is transparent", async () => {
    const logo = await picture(400, 400, 4).webp().toBuffer();
    expect(await make(logo, CROP)).toEqual(["image/png", "png", 96, 96]);
  });

  it("leaves a small image alone", async () => {
    expect(await make(await picture(90, 96).png().toBuffer(), CROP)).toBe("original");
  });

  it("stops a small image that moves", async () => {
    const frames = await Promise.all(
      ["red", "blue"].map((background) =>
        sharp({ create: { width: 20, height: 20, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const moving = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(moving).metadata()).pages).toBe(2);
    expect(await make(moving, CROP)).toEqual(["image/png", "png", 20, 20]);
  });

  it.each([
    ["no image", async () => Buffer.from("nope"), 400],
    ["a drawing that could refer to files", async () => Buffer.from(DRAWING), 400],
    ["half an image", async () => (await photo()).subarray(0, 700), 400],
    ["a bomb of pixels", () => picture(9000, 9000).png().toBuffer(), 413],
  ])("refuses %s", async (_what, bytes, status) => {
    await expect(make(await bytes(), CROP)).rejects.toMatchObject({ status });
  });

  it("makes each thumbnail once, also when it is asked for twice at a time", async () => {
    const thumbnailer = new Thumbnailer();
    const counted = source(await photo());
    const read = counted.read.bind(counted);
    await Promise.all([thumbnailer.make("h", CROP, read), thumbnailer.make("h", CROP, read)]);
    await thumbnailer.make("h", CROP, read);
    expect(counted.reads).toBe(1);
    await thumbnailer.make("h", SCALE, read);
    expect(counted.reads).toBe(2);
  });

  it("tries again after a failure", async () => {
    const thumbnailer = new Thumbnailer();
    const image = await photo();
    const gone = (): Promise<never> => Promise.reject(new Error("no box has it"));
    await expect(thumbnailer.make("h", CROP, gone)).rejects.toThrow("no box has it");
    expect(await thumbnailer.make("h", CROP, () => source(image).read())).not.toBe("original");
  });
});
