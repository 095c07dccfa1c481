import { createAccount } from "../../../core/account/create-account.ts";
import type { BoxId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { inviteUser } from "../../../core/rooms/commands/change-membership.ts";
import { joinRoom } from "../../../core/rooms/commands/join-room.ts";
import { startSession } from "../../../core/account/start-session.ts";
import type { Requester, Services } from "../../../core/services.ts";
import { sync } from "../../../core/sync/sync.ts";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import type { LevelStore } from "../../../mesh/store/level-store.ts";
import { markOf, writeMark } from "../../../mesh/store/mark.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";
import { familyDevices, YEAR, YEAR_BEGAN_MS } from "./family-plan.ts";
import type { Family } from "./family-plan.ts";

const BOX = "aaaaaaaa" as BoxId;

/** A box of this process on a real store, whose clock says what it is told. */
export interface FamilyBox {
  readonly box: TestBox;
  readonly store: LevelStore;
  /** How long the checked opening of the store took, milliseconds. */
  readonly checkMs: number;
  /** From nothing to a box that takes commands, milliseconds. */
  readonly startMs: number;
  readonly clock: { nowMs: number };
  stop(): Promise<void>;
}

export async function openFamilyBox(home: string, nowMs: number): Promise<FamilyBox> {
  const began = performance.now();
  const { store, outcome, reason } = await openCheckedStore(home, () => "the store of a family");
  if (outcome === "damaged") throw new Error(`the store is damaged: ${reason}`);
  const checkMs = performance.now() - began;
  const clock = { nowMs };
  const box = await oneBox({ box: BOX, store, wallClock: () => clock.nowMs });
  const startMs = performance.now() - began;
  const stop = async (): Promise<void> => {
    await box.stop();
    await writeMark(home, markOf(store));
    await store.close();
  };
  return { box, store, checkMs, startMs, clock, stop };
}

/** Accounts, devices, and rooms that everybody is in. */
export async function foundFamily({ box }: FamilyBox): Promise<Family> {
  const { services } = box;
  const devices = familyDevices();
  const users = [...new Set(devices.map(({ user }) => user))];
  for (const user of users) {
    await services.runner.run(createAccount, { user, passwordHash: "", admin: "first" });
  }
  for (const { user, device } of devices) await startSession(services, { user, device });
  const rooms = [];
  for (let i = 0; i < YEAR.rooms; i++) {
    const creator = users[i % users.length] ?? users[0];
    if (creator === undefined) throw new Error("a family has people");
    const room = await createRoom(services, { user: creator, body: { name: `Room ${i}` } });
    for (const user of users) {
      if (user === creator) continue;
      await inviteUser(services, { room, sender: creator, target: user });
      await joinRoom(services, { room, user });
    }
    rooms.push(room);
  }
  return { devices, rooms, tokens: devices.map(() => undefined), nowMs: YEAR_BEGAN_MS };
}

export function syncOnce(
  services: Services,
  requester: Requester,
  since: string | undefined,
): Promise<JsonObject> {
  return sync(services, {
    requester,
    since,
    filter: undefined,
    fullState: false,
    stateAfter: false,
    setPresence: "offline",
    timeoutMs: 0,
    signal: new AbortController().signal,
  });
}
