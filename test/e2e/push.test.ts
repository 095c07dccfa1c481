import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestUser } from "./support/client.ts";
import { PushGateway } from "./support/push-gateway.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

/** From the death of a box until another one has done what it left, milliseconds: 30 s, and some to notice. */
const TAKEN_OVER_MS_MAX = 90_000;
/** Messages that a box takes shortly before it dies. */
const BURST = 20;

describe("pushes (N=3)", () => {
  let mesh: TestMesh;
  let gateway: PushGateway;
  let alice: TestUser;
  let room: string;

  beforeAll(async () => {
    gateway = await PushGateway.start();
    mesh = await threeBoxes({ config: { "push.allow_addresses": ["127.0.0.1"] } });
    const [one = "", two = "", three = ""] = mesh.urls;
    alice = await TestUser.register(one, "alice");
    const bob = await TestUser.register(two, "bob");
    room = await alice.createRoom(one, { preset: "public_chat" });
    await bob.ask("POST", three, `/join/${encodeURIComponent(room)}`, {});
    await bob.ask("POST", two, "/pushers/set", {
      kind: "http",
      app_id: "org.example.app",
      pushkey: "key",
      app_display_name: "App",
      device_display_name: "Phone",
      lang: "en",
      data: { url: gateway.url, format: "event_id_only" },
    });
  });
  afterAll(async () => {
    await mesh.stop();
    await gateway.stop();
  });

  it("are sent once for each message, whichever box took it", async () => {
    const events: string[] = [];
    for (let i = 0; i < 30; i++) {
      events.push(await alice.say(mesh.urls[i % 3] ?? "", room, `message ${i}`));
    }
    await gateway.untilTold(events);
    expect(new Set(gateway.counts(events))).toEqual(new Set([1]));
  });

  it("are sent by another box when the one that took the message dies, and nothing before is repeated", async () => {
    const three = mesh.box(3);
    const before = [...gateway.told];
    gateway.isDown = true;
    const left = await alice.say(three.url, room, "the last word of a box");
    const burst: string[] = [];
    for (let i = 0; i < BURST; i++) burst.push(await alice.say(three.url, room, `burst ${i}`));
    await three.kill();
    gateway.isDown = false;
    expect(gateway.counts([left])).toEqual([0]);
    await gateway.untilTold([left, ...burst], TAKEN_OVER_MS_MAX);
    expect(new Set(gateway.counts([left, ...burst]))).toEqual(new Set([1]));

    await three.start();
    await mesh.untilWhole();
    const later = await alice.say(three.url, room, "back again");
    await gateway.untilTold([later]);
    expect(new Set(gateway.counts([...before, left, ...burst, later]))).toEqual(new Set([1]));
  });

  it("go on where a box died, and repeat only what was under way", async () => {
    const two = mesh.box(2);
    const before = [...gateway.told];
    gateway.answerMs = 100;
    const burst: string[] = [];
    for (let i = 0; i < BURST; i++) burst.push(await alice.say(two.url, room, `quick ${i}`));
    await two.kill();
    gateway.answerMs = 0;
    await gateway.untilTold(burst, TAKEN_OVER_MS_MAX);
    expect(new Set(gateway.counts(before))).toEqual(new Set([1]));
    // One was at the gateway, and of the one before it the others may not have heard.
    const repeated = gateway.counts(burst).filter((count) => count > 1);
    expect(repeated.length).toBeLessThanOrEqual(2);
  });
});
