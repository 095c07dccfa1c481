import { createAccount } from "../../../core/account/create-account.ts";
import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { inviteUser } from "../../../core/rooms/commands/change-membership.ts";
import { joinRoom } from "../../../core/rooms/commands/join-room.ts";
import { startSession } from "../../../core/account/start-session.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import type { BoxOnDisk } from "../../support/box-on-disk.ts";
import { familyDevices, YEAR, YEAR_BEGAN_MS } from "./family-plan.ts";
import type { Family } from "./family-plan.ts";

/** A box whose clock says what it is told. */
export interface FamilyBox extends BoxOnDisk {
  /** From nothing to a box that takes commands, milliseconds. */
  readonly startMs: number;
  readonly clock: { nowMs: number };
}

export async function openFamilyBox(home: string, nowMs: number): Promise<FamilyBox> {
  const began = performance.now();
  const clock = { nowMs };
  const box = await boxOnDisk(home, { wallClock: () => clock.nowMs });
  const { outcome, reason } = box.checked;
  if (outcome === "damaged") throw new Error(`the store is damaged: ${reason}`);
  return { ...box, startMs: performance.now() - began, clock };
}

/** Accounts, devices, and rooms that everybody is in. */
export async function foundFamily({ services }: FamilyBox): Promise<Family> {
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
