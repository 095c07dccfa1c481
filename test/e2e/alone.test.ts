import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, TestUser, textsOf, timelineOf } from "./support/client.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

describe("the only box that is up (N=3)", () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await threeBoxes();
  });
  afterAll(() => mesh.stop());

  it("serves everything but new names, and says why; two boxes give names again", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    await TestUser.register(one.url, "alice");
    await Promise.all([two.stop(), three.stop()]);

    const alice = await TestUser.logIn(one.url, "alice");
    const room = await alice.createRoom(one.url);
    await alice.say(one.url, room, "all alone");
    expect(textsOf(timelineOf(await alice.sync(one.url), room))).toEqual(["all alone"]);
    await upload(one.url, alice, "a picture");
    await alice.ask("POST", one.url, "/keys/upload", {
      one_time_keys: { "curve25519:AAAAAQ": "base64key" },
    });

    const form = { username: "bob", password: "bob-password", auth: { type: "m.login.dummy" } };
    const refused = await call("POST", `${one.url}/_matrix/client/v3/register`, { body: form });
    expect(refused.status).toBe(503);
    expect(refused.body["error"]).toMatch(/needs 2 of the 3 boxes.*Only 1 answered/);

    await two.start();
    await mesh.untilLinked(one, 1);
    await TestUser.register(one.url, "bob");
    const taken = await call("POST", `${two.url}/_matrix/client/v3/register`, { body: form });
    expect(taken.status).toBe(400);
    expect(taken.body["errcode"]).toBe("M_USER_IN_USE");
  });

  it("never gives one name to two people who ask at the same time", async () => {
    await mesh.box(3).start();
    await mesh.untilWhole();
    for (let round = 0; round < 10; round++) {
      const replies = await Promise.all(
        mesh.urls.map((url, i) =>
          call("POST", `${url}/_matrix/client/v3/register`, {
            body: {
              username: `rival${round}`,
              password: `password-of-person-${i}`,
              auth: { type: "m.login.dummy" },
            },
          }),
        ),
      );
      const granted = replies.filter(({ status }) => status === 200);
      expect(granted.length).toBeLessThanOrEqual(1);
      for (const { status, body } of replies) {
        if (status !== 200 && status !== 503) expect(body["errcode"]).toBe("M_USER_IN_USE");
      }
    }
  });
});

async function upload(url: string, user: TestUser, text: string): Promise<void> {
  const response = await fetch(`${url}/_matrix/media/v3/upload?filename=note.txt`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.token}`, "content-type": "text/plain" },
    body: text,
  });
  expect(response.status).toBe(200);
  const { content_uri: uri } = (await response.json()) as { content_uri: string };
  const path = uri.replace("mxc://", "/_matrix/client/v1/media/download/");
  const stored = await fetch(url + path, { headers: { authorization: `Bearer ${user.token}` } });
  expect(await stored.text()).toBe(text);
}
