import { CryptoEvent, decodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/index.js";
import { Preset } from "matrix-js-sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SdkClient } from "./support/sdk-client.ts";
import { verifyBySas } from "./support/sas.ts";
import { TestMesh } from "./support/test-mesh.ts";
import { untilTrue } from "./support/wait.ts";

const MESSAGES = 50;
const ENCRYPTED = [
  { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
];

describe("people whose clients encrypt (N=3)", () => {
  let mesh: TestMesh;
  const clients: SdkClient[] = [];
  beforeAll(async () => {
    mesh = await TestMesh.start();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.stop();
  });
  afterAll(() => mesh.stop());

  async function started(client: Promise<SdkClient>): Promise<SdkClient> {
    const one = await client;
    clients.push(one);
    return one.start();
  }

  it("chat, verify each other, and read everything on a third device through a third box", async () => {
    const alice = await started(SdkClient.register(mesh.box(1).url, "alice"));
    const bob = await started(SdkClient.register(mesh.box(3).url, "bob"));
    expect(await alice.signMyDevices()).toBe(0);
    expect(await bob.signMyDevices()).toBe(0);

    const room = await alice.createRoom({
      preset: Preset.PrivateChat,
      invite: [bob.id],
      initial_state: ENCRYPTED,
    });
    await bob.join(room);
    await alice.until("bob is there", () => alice.room(room).getJoinedMemberCount() === 2);

    const [hers, his] = ["alice", "bob"].map((name) =>
      Array.from({ length: MESSAGES }, (_, i) => `${name} says ${i}`),
    ) as [string[], string[]];
    for (let i = 0; i < MESSAGES; i++) {
      await Promise.all([alice.say(room, String(hers[i])), bob.say(room, String(his[i]))]);
    }
    for (const client of [alice, bob]) {
      await client.until("all messages are readable", () => {
        return (
          client.texts(room, alice.id).length >= MESSAGES &&
          client.texts(room, bob.id).length >= MESSAGES
        );
      });
      expect(client.texts(room, alice.id)).toEqual(hers);
      expect(client.texts(room, bob.id)).toEqual(his);
      expect(client.said(room).every((event) => event.isEncrypted())).toBe(true);
    }

    const emoji = await verifyBySas(bob, () => alice.crypto.requestVerificationDM(bob.id, room));
    expect(emoji).toHaveLength(7);
    for (const [one, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const user = await one.crypto.getUserVerificationStatus(other.id);
      expect(user.isCrossSigningVerified()).toBe(true);
      const device = await one.crypto.getDeviceVerificationStatus(other.id, other.device);
      expect(device?.crossSigningVerified).toBe(true);
    }

    const backedUp = untilTrue(
      {
        on: (name, listener) =>
          alice.sdk.on(name as CryptoEvent.KeyBackupSessionsRemaining, listener),
        off: (name, listener) =>
          alice.sdk.off(name as CryptoEvent.KeyBackupSessionsRemaining, listener),
      },
      [CryptoEvent.KeyBackupSessionsRemaining],
      "the keys are backed up",
      async () => ((await alice.crypto.getKeyBackupInfo())?.count ?? 0) >= 2,
    );
    const recoveryKey = await alice.backUpKeys();
    await backedUp;

    const third = await started(SdkClient.logIn(mesh.box(2).url, "alice"));
    await third.readBack(room);
    expect(third.texts(room, alice.id)).toEqual([]);
    third.useRecoveryKey(decodeRecoveryKey(recoveryKey));
    await third.crypto.loadSessionBackupPrivateKeyFromSecretStorage();
    const { imported, total } = await third.crypto.restoreKeyBackup();
    expect(imported).toBe(total);
    await third.until(
      "the history is readable",
      () => third.texts(room, bob.id).length >= MESSAGES,
    );
    expect(third.texts(room, alice.id)).toEqual(hers);
    expect(third.texts(room, bob.id)).toEqual(his);
  });
});
