import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { renderStatus } from "../../bin/meshctl/render-status.ts";
import { describeWherePossible } from "../support/describe-where-possible.ts";
import { until } from "./support/box-process.ts";
import type { BoxProcess } from "./support/box-process.ts";
import { TestUser, textsOf } from "./support/client.ts";
import { download, upload } from "./support/household.ts";
import { meshctl } from "./support/program.ts";
import { CardDisk, SmallDisk, whyNoCards, whyNoDisks } from "./support/small-disk.ts";
import { TestMesh } from "./support/test-mesh.ts";

const MEDIA_BYTES = 200_000;
/** Media are taken while 256 MiB are free. */
const DISK_MIB = 512;
const FULL = {
  errcode: "M_UNKNOWN",
  error: "The disk of this box is full.",
  retry_after_ms: expect.any(Number) as number,
};

const place = mkdtempSync(join(tmpdir(), "hearth-disks-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

async function send(user: TestUser, url: string, room: string, text: string) {
  const path = `/rooms/${encodeURIComponent(room)}/send/m.room.message/${encodeURIComponent(text)}`;
  return user.request("PUT", url, path, { msgtype: "m.text", body: text });
}

async function storeOf(
  box: BoxProcess,
): Promise<{ readonly state: string; readonly note: string }> {
  return (await box.control("status", {})).store;
}

// Without the right to mount there is no disk that could be filled.
describeWherePossible("a box whose disk is full (N=2)", whyNoDisks(place), () => {
  let mesh: TestMesh;
  let disk: SmallDisk;
  let alice: TestUser;
  let room: string;
  const said: string[] = [];
  let refusedAt = 0;
  /** Returns what was taken before something was refused. */
  const sayUntilRefused = async (box: BoxProcess, text: string): Promise<string[]> => {
    const taken: string[] = [];
    for (;;) {
      refusedAt = taken.length;
      const { status } = await send(alice, box.url, room, `${text} ${refusedAt}`);
      if (status !== 200) return taken;
      taken.push(`${text} ${refusedAt}`);
    }
  };
  beforeAll(async () => {
    mesh = await TestMesh.start({ boxes: 1 });
    disk = new SmallDisk(join(mesh.folder, "box2"), DISK_MIB);
    await mesh.addBox();
    await mesh.untilWhole();
    alice = await TestUser.register(mesh.box(1).url, "alice");
    room = await alice.createRoom(mesh.box(1).url);
  });
  afterAll(async () => {
    disk.makeRoom();
    await Promise.all(mesh.boxes.map((box) => box.stop()));
    disk.unmount();
    await mesh.stop();
  });

  it("refuses writes with 503, reads on and says why, and recovers by itself", async () => {
    const [one, two] = [mesh.box(1), mesh.box(2)];
    const media = await upload(two.url, alice, MEDIA_BYTES);
    await send(alice, two.url, room, "before");
    const since = String((await alice.sync(two.url))["next_batch"]);
    await disk.fill();
    said.push("before", ...(await sayUntilRefused(two, "squeezed in")));
    for (let i = 0; i < 20; i++) {
      expect(await send(alice, two.url, room, `refused ${i}`)).toEqual({ status: 503, body: FULL });
    }
    await expect(upload(two.url, alice, MEDIA_BYTES)).rejects.toThrow("is full");
    expect(textsOf(await alice.history(two.url, room))).toEqual(said);
    expect(await alice.sync(two.url, since)).toHaveProperty("next_batch");
    expect(Buffer.from(await download(two.url, alice, media.uri))).toEqual(media.bytes);
    const status = await two.control("status", {});
    expect(status.store).toEqual({ state: "refusing", note: FULL.error });
    expect(renderStatus(status)).toMatch(/The disk of this box\s+is full\. Make room/);

    for (const text of ["elsewhere 1", "elsewhere 2"]) {
      expect((await send(alice, one.url, room, text)).status).toBe(200);
      expect(textsOf(await alice.history(two.url, room))).toEqual(said);
    }
    said.push("elsewhere 1", "elsewhere 2");

    const life = two.pid;
    disk.makeRoom();
    await until("the box takes writes again", async () => (await storeOf(two)).state === "good");
    await mesh.untilWhole();
    expect(two.pid).toBe(life);
    expect((await send(alice, two.url, room, "after")).status).toBe(200);
    said.push("after");
    for (const { url } of mesh.boxes) expect(textsOf(await alice.history(url, room))).toEqual(said);
    expect((await upload(two.url, alice, MEDIA_BYTES)).bytes).toHaveLength(MEDIA_BYTES);
  });

  it("that starts on a full disk says why it does not serve, and starts once there is room", async () => {
    const two = mesh.box(2);
    await two.stop();
    await disk.fill();
    const started = two.start();
    await until("the owner is told", async () => {
      const { json } = await meshctl(two.home, "status");
      return (json["error"] as { code: string }).code === "unavailable";
    });
    const { json } = await meshctl(two.home, "status");
    expect(json).toMatchObject({ error: { message: expect.stringContaining(FULL.error) } });
    disk.makeRoom();
    await started;
    await mesh.untilWhole();
    expect(textsOf(await alice.history(two.url, room))).toEqual(said);
  });

  it("keeps all that it took when the power goes while the disk is full", async () => {
    const two = mesh.box(2);
    expect((await send(alice, two.url, room, "taken")).status).toBe(200);
    said.push("taken");
    await disk.fill();
    said.push(...(await sayUntilRefused(two, "at the end")));
    await two.kill();
    disk.makeRoom();
    await two.start();
    await mesh.untilWhole();
    // What was refused may be there all the same: it was on its way to the disk.
    const texts = textsOf(await alice.history(two.url, room));
    expect([said, [...said, `at the end ${refusedAt}`]]).toContainEqual(texts);
    expect(textsOf(await alice.history(mesh.box(1).url, room))).toEqual(texts);
  });
});

// Nor one that could wear out.
const onCard = "the only box, on a card that becomes read-only (N=1)";
describeWherePossible(onCard, whyNoCards(place), () => {
  it("reads on and says why; mounted again, it has all that it took", async () => {
    const mesh = await TestMesh.start({ boxes: 1 });
    const card = new CardDisk(join(mesh.folder, "box2"), join(mesh.folder, "card.img"), DISK_MIB);
    try {
      const box = await mesh.addBox();
      await mesh.untilWhole();
      const alice = await TestUser.register(box.url, "alice");
      const room = await alice.createRoom(box.url);
      await alice.say(box.url, room, "before");
      await mesh.box(1).stop();
      card.fail();
      const refused = await send(alice, box.url, room, "refused");
      expect(refused.status).toBe(503);
      expect(refused.body["error"]).toMatch(/The disk of this box (is read-only|fails)\./);
      expect(textsOf(await alice.history(box.url, room))).toEqual(["before"]);
      expect((await storeOf(box)).state).toBe("refusing");
      await box.stop();
      card.mend();
      await box.start();
      expect(textsOf(await alice.history(box.url, room))).toEqual(["before"]);
      expect((await send(alice, box.url, room, "after")).status).toBe(200);
    } finally {
      await Promise.all(mesh.boxes.map((box) => box.stop()));
      card.unmount();
      await mesh.stop();
    }
  });
});
