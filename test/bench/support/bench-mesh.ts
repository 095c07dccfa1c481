import type { ConfigValues } from "../../../bin/config/render.ts";
import { TestUser } from "../../e2e/support/client.ts";
import { TestMesh } from "../../e2e/support/test-mesh.ts";
import type { Sender } from "../load/send-load.ts";

/** Clients of one load, and the rooms that they share. */
const CLIENTS = 16;
const CLIENTS_PER_ROOM = 4;

/** Boxes as the owner runs them: info log, real files, real sockets. */
export function startMesh(boxes: number, config: ConfigValues = {}): Promise<TestMesh> {
  return TestMesh.start({ boxes, config: { "log.level": "info", ...config } });
}

/**
 * Sixteen people in four rooms, spread over the boxes so that every room is written to through all of
 * them: the case in which a room's events fork.
 */
export async function sendersOn(mesh: TestMesh): Promise<Sender[]> {
  const [first = ""] = mesh.urls;
  const senders: Sender[] = [];
  let room = "";
  for (let i = 0; i < CLIENTS; i++) {
    const user = await TestUser.register(first, `sender${i}`);
    const join = `/rooms/${encodeURIComponent(room)}/join`;
    if (i % CLIENTS_PER_ROOM !== 0) await user.ask("POST", first, join, {});
    else room = await user.createRoom(first, { preset: "public_chat" });
    const url = mesh.urls[i % mesh.urls.length] ?? first;
    senders.push({ url, token: user.token, room });
  }
  await mesh.untilWhole();
  return senders;
}
