import { expect, test } from "vitest";
import { manageDelayed } from "../../../core/delayed/manage.ts";
import type { Action } from "../../../core/delayed/manage.ts";
import { scheduleEvent } from "../../../core/delayed/schedule.ts";
import type { DeviceId } from "../../../core/ids.ts";
import type { Runner } from "../../../core/ports.ts";
import { roomApi, userOf } from "../../support/room-api.ts";

const alice = userOf("alice");
const message = { type: "m.room.message", content: { msgtype: "m.text", body: "later" } };

/** Asks for `action`; when the box has looked whether it is over, but done nothing yet, it is `first`. */
async function overtaken(action: Action, first: Action): Promise<void> {
  await using api = await roomApi(["alice"]);
  const { services } = api;
  const room = await api.createRoom("alice", {});
  const requester = { user: alice, device: "D" as DeviceId };
  const id = await scheduleEvent(services, { ...message, requester, room, delayMs: 60_000 });
  const runner: Runner = {
    run: async (command, input) => {
      await manageDelayed(services, { id, action: first, user: alice });
      return services.runner.run(command, input);
    },
  };
  await manageDelayed({ ...services, runner }, { id, action, user: alice });
}

test.each<[Action, Action]>([
  ["cancel", "send"],
  ["restart", "send"],
  ["send", "cancel"],
  ["restart", "cancel"],
])("to %s what is over since the look, by %s, is refused", async (action, first) => {
  await expect(overtaken(action, first)).rejects.toMatchObject({ status: 409 });
});

test.each<Action>(["cancel", "send"])(
  "to %s what was so since the look is fine",
  async (action) => {
    await overtaken(action, action);
  },
);
