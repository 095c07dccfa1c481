import { Preset } from "matrix-js-sdk";
import type { SdkClient } from "./sdk-client.ts";

/** The clients that one test started. */
export class SdkClients {
  readonly #started: SdkClient[] = [];

  async start(client: Promise<SdkClient>): Promise<SdkClient> {
    const one = await client;
    this.#started.push(one);
    return one.start();
  }

  stop(): void {
    for (const client of this.#started.splice(0)) client.stop();
  }
}

/** The first makes a room in which all is encrypted; the others are invited and join. */
export async function encryptedRoom(first: SdkClient, ...others: SdkClient[]): Promise<string> {
  const encryption = { algorithm: "m.megolm.v1.aes-sha2" };
  const room = await first.createRoom({
    preset: Preset.PrivateChat,
    invite: others.map(({ id }) => id),
    initial_state: [{ type: "m.room.encryption", state_key: "", content: encryption }],
  });
  for (const other of others) await other.join(room);
  const members = others.length + 1;
  await first.until("all are there", () => first.room(room).getJoinedMemberCount() === members);
  return room;
}
