import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import { TestUser, call } from "./support/client.ts";
import { download, isOnDisk, upload } from "./support/household.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const MIB = 1024 * 1024;
/** More than is copied in the time from its arrival to the next signal. */
const LARGE_BYTES = 20 * MIB;
const SIZES: [string, number][] = [
  ["an empty file", 0],
  ["a small file", 1000],
  ["a large file", 5 * MIB],
];

let mesh: TestMesh;
let alice: TestUser;
beforeAll(async () => {
  mesh = await threeBoxes();
  alice = await TestUser.register(mesh.box(1).url, "alice");
});
afterAll(() => mesh.stop());

describe("media on several boxes (N=3)", () => {
  it.each(SIZES)("%s given to one box is had from another one at once", async (_, sizeBytes) => {
    const { uri, bytes } = await upload(mesh.box(1).url, alice, sizeBytes);
    expect(isOnDisk(mesh.box(1), bytes)).toBe(true);
    expect(Buffer.from(await download(mesh.box(3).url, alice, uri)).equals(bytes)).toBe(true);
  });

  it("is copied to every box unasked, and outlives the one that took it", async () => {
    const { uri, bytes } = await upload(mesh.box(1).url, alice, MIB + 17);
    for (const box of [mesh.box(2), mesh.box(3)]) {
      await until(`${box.name} has a copy`, () => isOnDisk(box, bytes));
    }
    await mesh.box(1).kill();
    for (const { url } of [mesh.box(2), mesh.box(3)]) {
      expect(Buffer.from(await download(url, alice, uri)).equals(bytes)).toBe(true);
      const legacy = await fetch(`${url}${uri.replace("mxc://", "/_matrix/media/v3/download/")}`);
      expect(legacy.status).toBe(200);
      expect(Buffer.from(await legacy.arrayBuffer()).equals(bytes)).toBe(true);
      const path = uri.replace("mxc://", "/_matrix/client/v1/media/download/");
      expect((await call("GET", url + path)).status).toBe(401);
    }
    const late = await upload(mesh.box(2).url, alice, MIB + 18);
    await mesh.box(1).start();
    await until("box1 has what it missed", () => isOnDisk(mesh.box(1), late.bytes));
  });

  it("a box stops in time though the one it copies from is frozen", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    await two.stop();
    const { bytes } = await upload(one.url, alice, LARGE_BYTES);
    one.signal("SIGSTOP");
    expect(isOnDisk(three, bytes)).toBe(false);
    const before = three.logged("stopped");
    await three.stop();
    one.signal("SIGCONT");
    expect(three.logged("stopped")).toBe(before + 1);
    expect(three.logged("did not stop in time")).toBe(0);
    await Promise.all([two.start(), three.start()]);
    await mesh.untilWhole();
    await until("the copy was made after all", () => isOnDisk(three, bytes));
  });

  it("what a box took while it was cut off is had from the others once it is back", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    await two.control("drill.isolate", { duration_s: 120 });
    await until("box2 is alone", async () => {
      const { boxes } = await one.control("status", {});
      return boxes.some(({ name, up }) => name === "box2" && !up);
    });
    const { uri, bytes } = await upload(two.url, alice, 5000);
    const path = uri.replace("mxc://", "/_matrix/client/v1/media/download/");
    const unknown = await call("GET", three.url + path, { token: alice.token });
    expect(unknown).toMatchObject({ status: 404, body: { errcode: "M_NOT_FOUND" } });
    await two.control("drill.heal", {});
    await mesh.untilWhole();
    expect(Buffer.from(await download(three.url, alice, uri)).equals(bytes)).toBe(true);
  });
});
