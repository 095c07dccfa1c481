import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestUser, textsOf, timelineOf } from "./support/client.ts";
import type { JsonBody } from "./support/client.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const MESSAGES = 120;

describe("a client that asks another box at every sync (N=3)", () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await threeBoxes();
  });
  afterAll(() => mesh.stop());

  it("sees each event once and each to-device message once, while a box restarts", async () => {
    const alice = await TestUser.register(mesh.box(1).url, "alice");
    const bob = await TestUser.register(mesh.box(2).url, "bob");
    const room = await alice.createRoom(mesh.box(1).url, { preset: "public_chat" });
    await bob.ask("POST", mesh.box(2).url, `/join/${encodeURIComponent(room)}`, {});

    const events: JsonBody[] = [];
    const toDevice: JsonBody[] = [];
    let since = String((await bob.sync(mesh.box(3).url))["next_batch"]);
    const hop = async (turn: number): Promise<void> => {
      const url = mesh.urls[turn % mesh.urls.length] ?? "";
      let reply: JsonBody;
      try {
        reply = await bob.sync(url, since, 200, { room: { timeline: { limit: 1000 } } });
      } catch {
        return; // A box that restarts does not answer; the token stays good for the next one.
      }
      events.push(...timelineOf(reply, room));
      toDevice.push(...((reply["to_device"]?.["events"] ?? []) as unknown as JsonBody[]));
      since = String(reply["next_batch"]);
    };

    const writing = (async (): Promise<void> => {
      for (let i = 0; i < MESSAGES; i++) {
        if (i === MESSAGES / 3) await mesh.box(2).kill();
        if (i === (2 * MESSAGES) / 3) await mesh.box(2).start();
        const urls = [mesh.urls[i % 3] ?? "", ...mesh.urls];
        await alice.sayAnywhere(urls, room, `message ${i}`);
        await sendToDevice(alice, bob, urls, i);
      }
    })();
    let done = false;
    void writing.finally(() => (done = true)).catch(() => undefined);
    let turn = 0;
    while (!done) await hop(turn++);
    await writing;
    await mesh.untilWhole();
    for (let i = 0; i < 6; i++) await hop(turn++);

    const sent = Array.from({ length: MESSAGES }, (_, i) => `message ${i}`);
    expect(textsOf(events).toSorted()).toEqual(sent.toSorted());
    const numbers = toDevice.map((message) => Number(message["content"]?.["number"]));
    expect(numbers).toEqual(sent.map((_, i) => i));
  });
});

async function sendToDevice(
  from: TestUser,
  to: TestUser,
  urls: readonly string[],
  number: number,
): Promise<void> {
  const body = { messages: { [to.id]: { [to.device]: { number } } } };
  for (const url of [...urls, ...urls, ...urls]) {
    try {
      await from.ask("PUT", url, `/sendToDevice/org.example.number/txn${number}`, body);
      return;
    } catch {
      // The next box takes it; the same transaction is one message.
    }
  }
  throw new Error(`nobody took to-device message ${number}`);
}
