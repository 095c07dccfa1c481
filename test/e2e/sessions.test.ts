import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestUser } from "./support/client.ts";
import { TestMesh } from "./support/test-mesh.ts";

describe("sessions over several boxes (N=3)", () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start();
  });
  afterAll(() => mesh.stop());

  it("a token made on one box works on the next at once, and a logout on any box ends it on all", async () => {
    const [one, two] = [mesh.box(1), mesh.box(2)];
    await TestUser.register(one.url, "alice");
    const alice = await TestUser.logIn(one.url, "alice");
    const who = await alice.ask("GET", two.url, "/account/whoami");
    expect(who["user_id"]).toBe(alice.id);
    expect(who["device_id"]).toBe(alice.device);

    await alice.ask("POST", two.url, "/logout", {});
    for (const url of mesh.urls) {
      const refused = await alice.request("GET", url, "/account/whoami");
      expect(refused.status).toBe(401);
      expect(refused.body["errcode"]).toBe("M_UNKNOWN_TOKEN");
    }
  });
});
