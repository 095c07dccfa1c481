import { expect, test } from "vitest";
import type { BoxId, UserId } from "../../../core/ids.ts";
import { originOf } from "../../../core/vector.ts";
import { MeshBoxes } from "../../../mesh/boxes/mesh-boxes.ts";
import type { KeyWish } from "../../../mesh/boxes/mesh-boxes.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const [A, B] = [boxOfName("a"), boxOfName("b")] as [BoxId, BoxId];
const ALICE = "@alice:hearth.test" as UserId;
const quiet = (): void => undefined;
const LOGGER = { debug: quiet, info: quiet, warn: quiet, error: quiet };

async function twoBoxes() {
  const network = new MemoryNetwork();
  const [a, b] = [network.join(A), network.join(B)];
  const boxesOf = (transport: typeof a): MeshBoxes =>
    new MeshBoxes({
      transport,
      members: () => [A, B],
      mayHandOut: (life) => life !== undefined,
      logger: LOGGER,
    });
  const [first, second] = [boxesOf(a), boxesOf(b)];
  await a.start();
  await b.start();
  return { first, second, network, transport: a };
}

test("a box asks another one for a one-time key that only that one may give", async () => {
  const { first, second } = await twoBoxes();
  const wishes: KeyWish[] = [];
  second.serve(async (wish) => {
    wishes.push(wish);
    return { keyId: "K1", key: { key: "abc" } };
  });
  expect(await first.claimOneTimeKey(B, ALICE, "DEVICE", "signed_curve25519")).toEqual({
    keyId: "K1",
    key: { key: "abc" },
  });
  expect(wishes).toEqual([{ user: ALICE, device: "DEVICE", algorithm: "signed_curve25519" }]);
});

test("a box that has none, fails, talks nonsense or is out of reach lends none", async () => {
  const { first, second, network } = await twoBoxes();
  const claim = () => first.claimOneTimeKey(B, ALICE, "DEVICE", "signed_curve25519");
  second.serve(async () => undefined);
  expect(await claim()).toBeUndefined();
  second.serve(async () => ({ keyId: "K1", key: 7 }));
  expect(await claim()).toBeUndefined();
  second.serve(async () => {
    throw new Error("no disk");
  });
  expect(await claim()).toBeUndefined();
  network.cut(A, B);
  expect(await claim()).toBeUndefined();
});

test("a wish that is none is refused before anything is taken", async () => {
  const { second, transport } = await twoBoxes();
  let taken = 0;
  second.serve(async () => {
    taken++;
    return undefined;
  });
  for (const wish of [{}, { user: "alice", device: "D", algorithm: "x" }, [], null]) {
    const body = Buffer.from(JSON.stringify(wish));
    await expect(transport.request(B, "one-time-key", body, { timeoutMs: 100 })).rejects.toThrow(
      "not a wish",
    );
  }
  expect(taken).toBe(0);
});

test("a box knows the mesh, whom it reaches, and what it may hand out", async () => {
  const { first, network } = await twoBoxes();
  expect([first.self, first.members(), first.reachable()]).toEqual([A, [A, B], [B]]);
  network.cut(A, B);
  expect(first.reachable()).toEqual([]);
  expect([first.mayHandOut(originOf(A, 1)), first.mayHandOut(undefined)]).toEqual([true, false]);
});
