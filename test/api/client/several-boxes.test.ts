import { expect, test } from "vitest";
import { MatrixError } from "../../../core/errors.ts";
import { register, wantedUserId } from "../../../core/account/register.ts";
import type { JsonObject } from "../../../core/json.ts";
import { parseUserId } from "../../../core/ids.ts";
import { toDevice } from "../../../core/tables.ts";
import type { AccountApi, Session } from "../../support/account-api.ts";
import { accountApiOf } from "../../support/account-api.ts";
import { oneTimeKeys } from "../../support/e2e-keys.ts";
import type { MemoryNetwork } from "../../support/memory-network.ts";
import { someBoxes, untilMeshed } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

interface Mesh extends AsyncDisposable {
  readonly boxes: readonly TestBox[];
  readonly apis: readonly [AccountApi, AccountApi, AccountApi];
  readonly network: MemoryNetwork;
}

async function threeBoxes(): Promise<Mesh> {
  const { boxes, network } = await someBoxes(3);
  const [a, b, c] = boxes;
  if (!a || !b || !c) throw new Error("three boxes were asked for");
  const apis = [await accountApiOf(a), await accountApiOf(b), await accountApiOf(c)] as const;
  return {
    boxes,
    apis: [...apis],
    network,
    async [Symbol.asyncDispose]() {
      for (const api of apis) await api[Symbol.asyncDispose]();
    },
  };
}

/** Cuts the first box off from the two others. */
function isolateFirst({ boxes, network }: Mesh): void {
  const [a, b, c] = boxes.map(({ services }) => services.boxes.self);
  if (a && b) network.cut(a, b);
  if (a && c) network.cut(a, c);
}

/** Boxes that have just joined hand out no one-time keys before all others know of them. */
async function untilIntroduced({ boxes }: Mesh): Promise<void> {
  const isIntroduced = ({ node }: TestBox): boolean => node.mayHandOut(node.ledger.life);
  await expect.poll(() => boxes.every(isIntroduced)).toBe(true);
}

const whoami = async (api: AccountApi, session: Session): Promise<number> =>
  (await api.call(session, "GET", "/account/whoami")).status;

async function claim(api: AccountApi, as: Session, of: Session): Promise<string[]> {
  const wish = { one_time_keys: { [of.user]: { [of.device]: "signed_curve25519" } } };
  const { json } = await api.call(as, "POST", "/keys/claim", wish);
  const devices = (json["one_time_keys"] as JsonObject)[of.user] as JsonObject | undefined;
  return Object.keys((devices?.[of.device] ?? {}) as JsonObject);
}

test("a token works on every box at once and nowhere after logout on one", async () => {
  await using mesh = await threeBoxes();
  const [a, b, c] = mesh.apis;
  const alice = await a.register("alice");
  expect([await whoami(b, alice), await whoami(c, alice)]).toEqual([200, 200]);
  const other = await b.login("alice");
  await c.call(other, "POST", "/logout", {});
  expect([await whoami(a, other), await whoami(b, other), await whoami(a, alice)]).toEqual([
    401, 401, 200,
  ]);
});

test("claims on three boxes at once give each one-time key once, and all of them", async () => {
  await using mesh = await threeBoxes();
  await untilIntroduced(mesh);
  const [a] = mesh.apis;
  const alice = await a.register("alice");
  const bob = await a.register("bob");
  const keys = oneTimeKeys(24);
  await a.call(alice, "POST", "/keys/upload", { one_time_keys: keys });
  const claims = Array.from({ length: 24 }, (_, i) => claim(mesh.apis[i % 3] ?? a, bob, alice));
  const got = (await Promise.all(claims)).flat();
  expect(got.toSorted()).toEqual(Object.keys(keys).toSorted());
});

test("boxes that are cut off give their own one-time keys, then the fallback key (N=3)", async () => {
  await using mesh = await threeBoxes();
  await untilIntroduced(mesh);
  const [a, b] = mesh.apis;
  const alice = await a.register("alice");
  const fallback = { "signed_curve25519:F": { key: "f", fallback: true, signatures: {} } };
  const body = { one_time_keys: oneTimeKeys(12), fallback_keys: fallback };
  await a.call(alice, "POST", "/keys/upload", body);
  isolateFirst(mesh);
  const got: string[] = [];
  for (let i = 0; i < 13; i++) {
    got.push(...(await claim(a, alice, alice)), ...(await claim(b, alice, alice)));
  }
  const oneTime = got.filter((name) => name !== "signed_curve25519:F");
  expect(new Set(oneTime).size).toBe(oneTime.length);
  expect(oneTime.toSorted()).toEqual(Object.keys(oneTimeKeys(12)).toSorted());
  expect(got.length).toBe(26);
  mesh.network.heal();
  await untilMeshed(mesh.boxes);
  const counts = await a.call(alice, "POST", "/keys/upload", {});
  expect(counts.json).toEqual({ one_time_key_counts: { signed_curve25519: 0 } });
});

test("a box alone registers nobody and says why, two boxes do (N=3)", async () => {
  await using mesh = await threeBoxes();
  const [a, b] = mesh.apis;
  await a.register("alice");
  isolateFirst(mesh);
  const form = { username: "bob", password: "secret", auth: { type: "m.login.dummy" } };
  const refused = await a.call(undefined, "POST", "/register", form);
  expect(refused.status).toBe(503);
  expect(refused.json["error"]).toMatch(/boxes/);
  expect((await b.call(undefined, "POST", "/register", form)).status).toBe(200);
  expect(await whoami(a, await a.login("alice"))).toBe(200);
  mesh.network.heal();
  await untilMeshed(mesh.boxes);
  const taken = await a.call(undefined, "POST", "/register", form);
  expect(taken.json["errcode"]).toBe("M_USER_IN_USE");
});

test("of three registrations of one name at once on three boxes one succeeds", async () => {
  await using mesh = await threeBoxes();
  const attempts = mesh.boxes.map(async ({ services }, i) => {
    const user = wantedUserId(services, "carol");
    try {
      await register(services, { user, password: `secret${i}`, inhibitLogin: false });
      return "made";
    } catch (error) {
      return error instanceof MatrixError ? error.errcode : String(error);
    }
  });
  const outcomes = await Promise.all(attempts);
  expect(outcomes.filter((outcome) => outcome === "made")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "M_USER_IN_USE")).toHaveLength(2);
});

test("a registration that broke off after its claim can be repeated on another box", async () => {
  await using mesh = await threeBoxes();
  const [first, second] = mesh.boxes;
  if (!first || !second) throw new Error("there are three boxes");
  const user = wantedUserId(first.services, "dora");
  const broken = {
    ...first.services,
    runner: { run: () => Promise.reject(new Error("the power went")) },
  };
  const form = { user, password: "secret", inhibitLogin: true };
  await expect(register(broken, form)).rejects.toThrow("the power went");
  const stranger = register(second.services, { ...form, password: "other" });
  await expect(stranger).rejects.toMatchObject({ errcode: "M_USER_IN_USE" });
  expect(await register(second.services, form)).toEqual({ user });
});

test("a to-device message that is sent again through another box arrives once", async () => {
  await using mesh = await threeBoxes();
  const [a, b, c] = mesh.apis;
  const alice = await a.register("alice");
  const bob = await b.register("bob");
  const second = await b.login("bob");
  const body = { messages: { [bob.user]: { "*": { text: "hi" } } } };
  for (const api of [a, b, c]) {
    const answer = await api.call(alice, "PUT", "/sendToDevice/m.test/txn1", body);
    expect(answer.status).toBe(200);
  }
  await c.call(alice, "PUT", "/sendToDevice/m.test/txn2", body);
  const user = parseUserId(bob.user);
  for (const session of [bob, second]) {
    using snapshot = c.services.reader.snapshot();
    const rows = await snapshot.range(toDevice, {
      prefix: [user ?? "", session.device],
      limit: 10,
    });
    expect(rows.map(([, message]) => message.content)).toEqual([{ text: "hi" }, { text: "hi" }]);
  }
});
