import type { DeviceId, RoomId, UserId } from "../../../core/ids.ts";
import type { Requester } from "../../../core/services.ts";
import { TEST_SERVER } from "../../support/one-box.ts";

/** What a busy family does in a year. */
export const YEAR = {
  users: 5,
  devicesPerUser: 2,
  rooms: 50,
  messages: 500_000,
  receipts: 50_000,
  toDeviceMessages: 200_000,
  /** Each device looks for news this often; what comes between is one answer. */
  syncsPerDevice: 1000,
} as const;

export const YEAR_BEGAN_MS = Date.UTC(2026, 0, 1);
export const YEAR_MS = 365 * 24 * 3_600_000;
/** What an encrypted message of a sentence or two takes, characters. */
const CIPHERTEXT_LENGTH = 400;

export interface Family {
  readonly devices: readonly Requester[];
  readonly rooms: readonly RoomId[];
  /** The last sync token of each device. */
  readonly tokens: readonly (string | undefined)[];
  /** Simulated time, milliseconds since 1970. */
  readonly nowMs: number;
}

export function familyDevices(): Requester[] {
  const devices: Requester[] = [];
  for (let u = 0; u < YEAR.users; u++) {
    for (let d = 0; d < YEAR.devicesPerUser; d++) {
      devices.push({
        user: `@person${u}:${TEST_SERVER}` as UserId,
        device: `DEVICE${u}${d}` as DeviceId,
        tokenId: `token ${u} ${d}`,
        deviceCreated: YEAR_BEGAN_MS,
      });
    }
  }
  return devices;
}

/** The n-th of a repeatable row of numbers in [0, 1): the load is the same each time. */
export function draw(n: number, salt: number): number {
  let x = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** Most is said in a few rooms. */
export function roomOf(n: number, rooms: readonly RoomId[]): RoomId {
  const room = rooms[Math.floor(draw(n, 1) ** 2 * rooms.length)];
  if (room === undefined) throw new Error("a family has rooms");
  return room;
}

/** Text that does not compress, like what a client encrypts. */
export function ciphertext(n: number): string {
  let text = "";
  for (let i = 0; text.length < CIPHERTEXT_LENGTH; i++) {
    text += Buffer.from(Float64Array.of(draw(n, i + 7), draw(n, i + 99)).buffer).toString("base64");
  }
  return text.slice(0, CIPHERTEXT_LENGTH);
}
