import { describe, expect, test } from "vitest";
import { roomApi } from "../../support/room-api.ts";

describe("GET /sync", () => {
  test("answers as the specification says, at first and from a token", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice", {
      preset: "public_chat",
      invite: ["@bob:hearth.test"],
    });
    const first = await api.call("alice", "GET", "/sync?timeout=0");
    expect(first.status).toBe(200);
    expect(Object.keys((first.json["rooms"] as { join: object }).join)).toEqual([room]);
    const invited = await api.call("bob", "GET", "/sync");
    expect(JSON.stringify(invited.json["rooms"])).toContain("invite_state");
    await api.call("bob", "POST", `/rooms/${room}/join`, {});
    await api.call("bob", "PUT", `/rooms/${room}/send/m.room.message/1`, { body: "hi" });
    const since = encodeURIComponent(first.json["next_batch"] as string);
    const next = await api.call("alice", "GET", `/sync?since=${since}&timeout=1000`);
    expect(JSON.stringify(next.json["rooms"])).toContain('"body":"hi"');
    expect(next.json["device_lists"]).toEqual({ changed: ["@bob:hearth.test"], left: [] });
  });

  test("takes `use_state_after` by both of its names", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice");
    for (const prefix of ["", "org.matrix.msc4222."]) {
      const { json } = await api.call("alice", "GET", `/sync?${prefix}use_state_after=true`);
      const part = (json["rooms"] as { join: Record<string, object> }).join[room];
      expect(part).toHaveProperty([`${prefix}state_after`, "events"]);
      expect(part).not.toHaveProperty("state");
    }
  });

  test("refuses what it cannot understand", async () => {
    await using api = await roomApi(["alice"]);
    for (const query of ["since=nonsense", "filter=%7B", "timeout=soon", "full_state=maybe"]) {
      const { status } = await api.call("alice", "GET", `/sync?${query}`);
      expect([query, status]).toEqual([query, 400]);
    }
  });
});
