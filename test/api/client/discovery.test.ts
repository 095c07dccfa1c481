import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { clientEndpoints } from "../../../api/client/index.ts";
import { fakeServices } from "../../support/fake-services.ts";
import { testApi } from "../../support/test-api.ts";

describe("getVersions", () => {
  it("lists what every client looks for, without a login", async () => {
    await using api = await testApi({ endpoints: clientEndpoints });
    const { json } = await api.request("GET", "/_matrix/client/versions");
    expect(json["versions"]).toEqual(expect.arrayContaining(["r0.6.1", "v1.1", "v1.13", "v1.19"]));
  });
});

describe("getWellknown", () => {
  const path = "/.well-known/matrix/client";

  it("names the public address", async () => {
    const services = fakeServices({ settings: { publicBaseUrl: "https://matrix.hearth.test" } });
    await using api = await testApi({ services, endpoints: clientEndpoints });
    const answer = await api.request("GET", path);
    expect(answer.json).toEqual({ "m.homeserver": { base_url: "https://matrix.hearth.test" } });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("is 404 when there is none", async () => {
    await using api = await testApi({ endpoints: clientEndpoints });
    expect((await api.request("GET", path)).json["errcode"]).toBe("M_NOT_FOUND");
  });
});

describe("getCapabilities", () => {
  it("tells the room versions", async () => {
    await using api = await testApi({ endpoints: clientEndpoints });
    const answer = await api.request("GET", "/_matrix/client/v3/capabilities", { as: "alice" });
    expect(answer.json).toMatchObject({
      capabilities: {
        "m.room_versions": {
          default: "12",
          available: { 10: "stable", 11: "stable", 12: "stable" },
        },
      },
    });
  });
});

describe("getTurnServer", () => {
  const path = "/_matrix/client/v3/voip/turnServer";
  const uris = ["turn:turn.hearth.test"];

  it("makes credentials for the user that end, from the shared secret", async () => {
    const turn = { uris, sharedSecret: "s3cret", ttlSeconds: 3600 };
    const services = fakeServices({ settings: { turn } });
    await using api = await testApi({ services, endpoints: clientEndpoints });
    const { json } = await api.request("GET", path, { as: "alice" });
    const username = `${services.clock.ms / 1000 + 3600}:@alice:hearth.test`;
    const password = createHmac("sha1", "s3cret").update(username).digest("base64");
    expect(json).toEqual({ username, password, uris, ttl: 3600 });
  });

  it("gives the set credentials when there is no shared secret", async () => {
    const turn = { uris, username: "u", password: "p", ttlSeconds: 60 };
    const services = fakeServices({ settings: { turn } });
    await using api = await testApi({ services, endpoints: clientEndpoints });
    const { json } = await api.request("GET", path, { as: "alice" });
    expect(json).toEqual({ username: "u", password: "p", uris, ttl: 60 });
  });

  it("is 404 without a TURN server", async () => {
    await using api = await testApi({ endpoints: clientEndpoints });
    expect((await api.request("GET", path, { as: "alice" })).status).toBe(404);
  });
});
