import "./support/sdk-log.ts";
import { decodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/index.js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BoxProxy } from "./support/box-proxy.ts";
import { untilOwnKeysAreIn } from "./support/own-keys.ts";
import { SdkClient } from "./support/sdk-client.ts";
import { encryptedRoom, SdkClients } from "./support/sdk-clients.ts";
import { verifyBySas } from "./support/sas.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const MESSAGES = 50;
/** The invitation to verify is a message of the room. */
const VERIFICATION_REQUESTS = 1;

describe("people whose clients encrypt (N=3)", () => {
  let mesh: TestMesh;
  const clients = new SdkClients();
  const proxies: BoxProxy[] = [];
  beforeAll(async () => {
    mesh = await threeBoxes();
  });
  afterEach(async () => {
    clients.stop();
    for (const proxy of proxies.splice(0)) await proxy.stop();
  });
  afterAll(() => mesh.stop());

  it("chat, verify each other, and read everything on a third device through a third box", async () => {
    const alice = await clients.start(SdkClient.register(mesh.box(1).url, "alice"));
    const bob = await clients.start(SdkClient.register(mesh.box(3).url, "bob"));
    expect(await alice.signMyDevices()).toBe(0);
    expect(await bob.signMyDevices()).toBe(0);
    await bob.untilTrusts(bob.id, bob.device);
    await untilOwnKeysAreIn(bob);
    expect(await bob.signMyDevices({ anew: true })).toBe(1);
    await bob.untilTrusts(bob.id, bob.device);

    const room = await encryptedRoom(alice, bob);
    const [hers, his] = [numbered("alice"), numbered("bob")];
    for (let i = 0; i < MESSAGES; i++) {
      await Promise.all([alice.say(room, String(hers[i])), bob.say(room, String(his[i]))]);
    }
    for (const client of [alice, bob]) {
      await client.untilReads(room, alice.id, hers);
      await client.untilReads(room, bob.id, his);
      expect(client.said(room).every((event) => event.isEncrypted())).toBe(true);
    }

    const emoji = await verifyBySas(alice, bob, () =>
      alice.crypto.requestVerificationDM(bob.id, room),
    );
    expect(emoji).toHaveLength(7);
    await alice.untilTrusts(bob.id, bob.device);
    await bob.untilTrusts(alice.id, alice.device);

    const recoveryKey = await alice.backUpKeys();
    const third = await clients.start(SdkClient.logIn(mesh.box(2).url, "alice"));
    await third.readBack(room);
    expect(third.said(room)).toHaveLength(2 * MESSAGES + VERIFICATION_REQUESTS);
    expect(third.texts(room, alice.id)).toEqual([]);
    third.useRecoveryKey(decodeRecoveryKey(recoveryKey));
    await third.crypto.loadSessionBackupPrivateKeyFromSecretStorage();
    const { imported, total } = await third.crypto.restoreKeyBackup();
    expect(imported).toBe(total);
    await third.untilReads(room, alice.id, hers);
    await third.untilReads(room, bob.id, his);

    await verifyBySas(third, alice, () => third.crypto.requestOwnUserVerification());
    for (const one of [alice, third]) await one.untilTrusts(alice.id, third.device);
    await bob.untilTrusts(alice.id, third.device);
  });

  it("chat on through another box when theirs loses its power, and nothing is missing or twice", async () => {
    const [one, two, three] = mesh.urls as [string, string, string];
    proxies.push(await BoxProxy.start([one, two, three]), await BoxProxy.start([three, one, two]));
    const [first, last] = proxies as [BoxProxy, BoxProxy];
    const carol = await clients.start(SdkClient.register(first.url, "carol"));
    const dave = await clients.start(SdkClient.register(last.url, "dave"));
    const room = await encryptedRoom(carol, dave);
    const [hers, his] = [numbered("carol"), numbered("dave")];
    let killed: Promise<void> | undefined;
    for (let i = 0; i < MESSAGES; i++) {
      if (i === MESSAGES / 2) killed = mesh.box(1).kill();
      await Promise.all([
        carol.saySurely(room, String(hers[i])),
        dave.saySurely(room, String(his[i])),
      ]);
    }
    await killed;
    expect([first.changes, last.changes]).toEqual([1, 0]);
    await mesh.box(1).start();
    await mesh.untilWhole();
    const late = await clients.start(SdkClient.logIn(one, "carol"));
    await late.readBack(room);
    expect(late.said(room)).toHaveLength(2 * MESSAGES);
    for (const client of [carol, dave]) {
      await client.untilReads(room, carol.id, hers);
      await client.untilReads(room, dave.id, his);
      expect(client.said(room)).toHaveLength(2 * MESSAGES);
    }
  });
});

function numbered(name: string): string[] {
  return Array.from({ length: MESSAGES }, (_, i) => `${name} says ${i}`);
}
