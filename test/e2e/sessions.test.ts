import { silent } from "./support/sdk-log.ts";
import { ClientEvent, createClient, HttpApiEvent } from "matrix-js-sdk";
import type { MatrixClient, MatrixError } from "matrix-js-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientEndpoints } from "../../api/client/index.ts";
import { useAccessToken } from "../../core/account/refresh.ts";
import { ACCESS_TOKEN_LIFE_MS } from "../../core/account/tokens.ts";
import { oneBox } from "../support/one-box.ts";
import { testApi } from "../support/test-api.ts";
import { call, TestUser } from "./support/client.ts";
import type { HttpReply } from "./support/client.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";
import { untilTrue } from "./support/wait.ts";

const refresh = (url: string, token: unknown): Promise<HttpReply> =>
  call("POST", `${url}/_matrix/client/v3/refresh`, { body: { refresh_token: token } });

describe("sessions over several boxes (N=3)", () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await threeBoxes();
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

  it("a refresh whose box died is repeated on another one, and the old refresh token is dead once the new pair is used", async () => {
    const [one, two, three] = [mesh.box(1), mesh.box(2), mesh.box(3)];
    const form = { username: "bob", password: "bob-password", auth: { type: "m.login.dummy" } };
    const registration = { ...form, refresh_token: true };
    const url = `${one.url}/_matrix/client/v3/register`;
    const { body: first } = await call("POST", url, { body: registration });
    const old = first["refresh_token"];
    // The answer gets lost with the box.
    expect((await refresh(one.url, old)).status).toBe(200);
    await one.kill();

    const { status, body: second } = await refresh(two.url, old);
    expect(status).toBe(200);
    const bob = new TestUser({ ...first, ...second });
    expect((await refresh(three.url, old)).status).toBe(200);
    expect((await bob.ask("GET", two.url, "/account/whoami"))["device_id"]).toBe(bob.device);

    await one.start();
    await mesh.untilWhole();
    for (const box of mesh.urls) {
      const refused = await refresh(box, old);
      expect(refused.status).toBe(401);
      expect(refused.body).toMatchObject({ errcode: "M_UNKNOWN_TOKEN", soft_logout: true });
      expect((await bob.request("GET", box, "/account/whoami")).status).toBe(200);
    }
    expect((await refresh(one.url, second["refresh_token"])).status).toBe(200);
  });
});

describe("a matrix-js-sdk client", () => {
  it("gets over an expired access token with its refresh token, and goes on in its rooms", async () => {
    let aheadMs = 0;
    const box = await oneBox({ wallClock: () => Date.now() + aheadMs });
    const { services } = box;
    const authenticate = (token: string) => useAccessToken(services, token);
    await using api = await testApi({ services, endpoints: clientEndpoints, authenticate });
    const baseUrl = api.url;
    await TestUser.register(baseUrl, "alice");
    const login = await createClient({ baseUrl, logger: silent }).loginRequest({
      type: "m.login.password",
      identifier: { type: "m.id.user", user: "alice" },
      password: "alice-password",
      refresh_token: true,
    });
    const { user_id: userId, device_id: deviceId, access_token: accessToken } = login;
    const sdk = createClient({ baseUrl, logger: silent, userId, deviceId, accessToken });
    try {
      const { room_id: room } = await sdk.createRoom({ name: "Kitchen" });
      await start(sdk);
      expect(sdk.getRoom(room)?.name).toBe("Kitchen");

      aheadMs = ACCESS_TOKEN_LIFE_MS;
      const loggedOut = new Promise<MatrixError>((resolve) => {
        sdk.once(HttpApiEvent.SessionLoggedOut, resolve);
      });
      await expect(sdk.setRoomName(room, "Hall")).rejects.toThrow("expired");
      expect((await loggedOut).data).toMatchObject({ soft_logout: true });

      const next = await sdk.refreshToken(login.refresh_token ?? "");
      sdk.stopClient();
      sdk.setAccessToken(next.access_token);
      await sdk.setRoomName(room, "Hall");
      await start(sdk);
      const isRenamed = (): boolean => sdk.getRoom(room)?.name === "Hall";
      await untilTrue(sdk, [ClientEvent.Sync], "the new name is here", isRenamed);
    } finally {
      sdk.stopClient();
      await box.stop();
    }
  });
});

async function start(sdk: MatrixClient): Promise<void> {
  await sdk.startClient();
  const isIn = (): boolean => sdk.isInitialSyncComplete();
  await untilTrue(sdk, [ClientEvent.Sync], "the first sync is in", isIn);
}
