import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import { TestUser } from "./support/client.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

/** From the end of the drill until every box shows the same, milliseconds. */
const CONVERGENCE_MS_MAX = 5000;

describe("a box that is cut off while people go on, on both sides (N=3)", () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await threeBoxes();
  });
  afterAll(() => mesh.stop());

  it("shows the same timeline and the same resolved state everywhere, soon after it healed", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    const alice = await TestUser.register(one.url, "alice");
    const bob = await TestUser.register(two.url, "bob");
    const carol = await TestUser.register(three.url, "carol");
    const dave = await TestUser.register(one.url, "dave");
    const room = await alice.createRoom(one.url, {
      preset: "public_chat",
      power_level_content_override: { users: { [bob.id]: 50 } },
    });
    const join = `/join/${encodeURIComponent(room)}`;
    await bob.ask("POST", two.url, join, {});
    await dave.ask("POST", one.url, join, {});

    await three.control("drill.isolate", { duration_s: 300 });
    await until("the others have noticed", async () => {
      const { boxes } = await one.control("status", {});
      return boxes.some(({ name, up }) => name === "box3" && !up);
    });
    await alice.say(one.url, room, "on the big side");
    await alice.setState(one.url, room, "m.room.power_levels", "", {
      users: { [bob.id]: 10 },
    });
    await alice.setState(two.url, room, "m.room.topic", "", { topic: "set on the big side" });
    await alice.ask("POST", one.url, `/rooms/${encodeURIComponent(room)}/ban`, {
      user_id: dave.id,
    });
    // On the small side nobody knows of any of it.
    await carol.ask("POST", three.url, join, {});
    await carol.say(three.url, room, "on the small side");
    await dave.say(three.url, room, "not banned here");
    await bob.setState(three.url, room, "m.room.topic", "", {
      topic: "set by bob, who lost the power",
    });

    const healed = performance.now();
    await three.control("drill.heal", {});
    const views = async (): Promise<string[]> =>
      Promise.all(
        mesh.urls.map(async (url) => {
          const events = (await alice.history(url, room)).map((e) => String(e["event_id"]));
          const state = [...(await alice.state(url, room))];
          return JSON.stringify([events.toSorted(), state.toSorted()]);
        }),
      );
    await until("all boxes show the same", async () => new Set(await views()).size === 1);
    expect(performance.now() - healed).toBeLessThan(CONVERGENCE_MS_MAX);

    const topic = `/rooms/${encodeURIComponent(room)}/state/m.room.topic/`;
    const member = (id: string): string =>
      `/rooms/${encodeURIComponent(room)}/state/m.room.member/${encodeURIComponent(id)}`;
    for (const url of mesh.urls) {
      const texts = (await alice.history(url, room)).map((e) => e["content"]?.["body"]);
      expect(texts).toContain("on the big side");
      expect(texts).toContain("on the small side");
      expect((await alice.ask("GET", url, topic))["topic"]).toBe("set on the big side");
      expect((await alice.ask("GET", url, member(dave.id)))["membership"]).toBe("ban");
      expect((await alice.ask("GET", url, member(carol.id)))["membership"]).toBe("join");
    }
    const refused = await dave.request(
      "PUT",
      three.url,
      `/rooms/${room}/send/m.room.message/later`,
      {
        body: "no",
      },
    );
    expect(refused.status).toBe(403);
  });
});
