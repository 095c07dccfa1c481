import { afterEach, expect, test } from "vitest";
import { refreshSession, useAccessToken } from "../../../core/account/refresh.ts";
import { createUser, setPassword } from "../../../core/account/manage.ts";
import type { Session } from "../../../core/account/start-session.ts";
import { startSession } from "../../../core/account/start-session.ts";
import type { TokenPair } from "../../../core/account/tokens.ts";
import { logOut, logOutEverywhere, removeDevices } from "../../../core/device/remove-devices.ts";
import { unavailable } from "../../../core/errors.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { sessionRounds } from "../../../core/tables.ts";
import type { MemoryNetwork } from "../../support/memory-network.ts";
import { oneBox, someBoxes, untilMeshed } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

const ALICE = "@alice:hearth.test" as UserId;
const PHONE = "PHONE" as DeviceId;
const YEAR_MS = 365 * 24 * 3_600_000;

const running: TestBox[] = [];
afterEach(async () => {
  for (const box of running.splice(0)) await box.stop();
});

async function withAlice(services: Services): Promise<void> {
  const input = { localpart: "alice", password: "secret", admin: false, force: true };
  await createUser(services, input);
}

async function logIn(services: Services, device?: DeviceId): Promise<Session & TokenPair> {
  const session = await startSession(services, { user: ALICE, device, refreshable: true });
  const { refreshToken, expiresInMs } = session;
  if (refreshToken === undefined || expiresInMs === undefined) throw new Error("no refresh token");
  return { ...session, refreshToken, expiresInMs };
}

interface Mesh {
  readonly boxes: readonly TestBox[];
  readonly all: readonly Services[];
  readonly a: Services;
  readonly b: Services;
  readonly c: Services;
  readonly network: MemoryNetwork;
}

/** Three boxes and an account. */
async function threeBoxes(): Promise<Mesh> {
  const { boxes, network } = await someBoxes(3);
  running.push(...boxes);
  const all = boxes.map(({ services }) => services);
  const [a, b, c] = all;
  if (!a || !b || !c) throw new Error("three boxes were asked for");
  await withAlice(a);
  await untilMeshed(boxes);
  return { boxes, all, a, b, c, network };
}

/** Cuts the first box off from the two others. */
function split({ a, b, c, network }: Mesh): void {
  network.cut(a.boxes.self, b.boxes.self);
  network.cut(a.boxes.self, c.boxes.self);
}

async function heal({ boxes, network }: Mesh): Promise<void> {
  network.heal();
  await untilMeshed(boxes);
}

const DEAD = { status: 401, errcode: "M_UNKNOWN_TOKEN" };
const SOFTLY = { ...DEAD, extra: { soft_logout: true } };
const HARD = { ...DEAD, extra: { soft_logout: false } };

async function expectRefused(all: readonly Services[], token: string, how: object): Promise<void> {
  for (const box of all) await expect(refreshSession(box, token)).rejects.toMatchObject(how);
}

async function expectGood(all: readonly Services[], tokens: readonly string[]): Promise<void> {
  for (const box of all) {
    for (const token of tokens) {
      await expect(useAccessToken(box, token)).resolves.toMatchObject({ user: ALICE });
    }
  }
}

test("two boxes that refresh the same token at once give pairs that are both good, until one is used", async () => {
  const { all, a, b, c } = await threeBoxes();
  const first = await logIn(a);
  const [one, two] = await Promise.all([
    refreshSession(b, first.refreshToken),
    refreshSession(c, first.refreshToken),
  ]);
  // Neither was used, so it may be asked for again.
  const again = await refreshSession(a, first.refreshToken);
  expect([one.refreshToken, two.refreshToken]).toEqual([again.refreshToken, again.refreshToken]);
  await useAccessToken(c, two.token);
  await expectRefused(all, first.refreshToken, SOFTLY);
  await expectGood(all, [one.token, two.token, again.token, first.token]);
  await refreshSession(b, one.refreshToken);
});

test("refreshing with the new refresh token counts as its use", async () => {
  const { all, a, b, c } = await threeBoxes();
  const first = await logIn(a);
  const second = await refreshSession(b, first.refreshToken);
  const third = await refreshSession(c, second.refreshToken);
  await expectRefused(all, first.refreshToken, SOFTLY);
  await refreshSession(a, second.refreshToken);
  await expectGood(all, [third.token]);
  await expectRefused(all, second.refreshToken, SOFTLY);
});

test("a client whose answer was lost refreshes again on a box that is cut off from the first one", async () => {
  const mesh = await threeBoxes();
  const { all, a, b, c } = mesh;
  const first = await logIn(b);
  await refreshSession(a, first.refreshToken);
  split(mesh);
  const { token } = await refreshSession(b, first.refreshToken);
  await expectGood([b, c], [token]);
  await expectRefused([b, c], first.refreshToken, SOFTLY);
  await refreshSession(a, first.refreshToken);
  await heal(mesh);
  await expectRefused(all, first.refreshToken, SOFTLY);
  await expectGood(all, [token]);
});

test("an old pair that is used on the other side of a split brings nothing dead back, though it was used later", async () => {
  const mesh = await threeBoxes();
  const { all, a, b, c } = mesh;
  const pairs: TokenPair[] = [await logIn(a)];
  split(mesh);
  for (let round = 1; round <= 5; round++) {
    const next = await refreshSession(a, pairs.at(-1)?.refreshToken ?? "");
    await useAccessToken(a, next.token);
    pairs.push(next);
  }
  const [zero, one, two, three, four, five] = pairs;
  if (!zero || !one || !two || !three || !four || !five) throw new Error("there were five rounds");
  await useAccessToken(b, two.token);
  await refreshSession(c, three.refreshToken);
  await expectRefused([b, c], two.refreshToken, SOFTLY);
  await heal(mesh);
  for (const { refreshToken } of [zero, one, two, three, four]) {
    await expectRefused(all, refreshToken, SOFTLY);
  }
  await expectGood(all, [five.token]);
  for (const box of all) await refreshSession(box, five.refreshToken);
});

test("the use of a round is written once, by whichever requests come first", async () => {
  const { boxes, a, b } = await threeBoxes();
  const { refreshToken, token } = await logIn(a);
  const written = (): number =>
    boxes.reduce((sum, { node }) => sum + (node.ledger.lastOwn?.seq ?? 0), 0);
  const before = written();
  await expectGood([a, b], [token]);
  const next = await refreshSession(b, refreshToken);
  expect(written()).toBe(before);
  await Promise.all(Array.from({ length: 10 }, () => useAccessToken(b, next.token)));
  await expectGood([a, b], [next.token]);
  await refreshSession(a, next.refreshToken);
  expect(written()).toBe(before + 1);
});

test("a disk that takes no writes stops neither requests nor refreshing", async () => {
  const { a, b } = await threeBoxes();
  const { refreshToken } = await logIn(a);
  const full = { ...a, runner: { run: () => Promise.reject(unavailable("the disk is full")) } };
  const next = await refreshSession(full, refreshToken);
  await expect(useAccessToken(full, next.token)).resolves.toMatchObject({ user: ALICE });
  await refreshSession(full, next.refreshToken);
  await refreshSession(b, refreshToken);
  await expectGood([b], [next.token]);
  await expectRefused([a, b], refreshToken, SOFTLY);
});

test("a write that fails for no reason of the disk is not passed over", async () => {
  const { a } = await threeBoxes();
  const next = await refreshSession(a, (await logIn(a)).refreshToken);
  const broken = { ...a, runner: { run: () => Promise.reject(new Error("a defect")) } };
  await expect(useAccessToken(broken, next.token)).rejects.toThrow("a defect");
});

const ENDS: readonly [how: string, end: (box: Services, session: Session) => Promise<unknown>][] = [
  ["logging out", async (box, { token }) => logOut(box, await useAccessToken(box, token))],
  ["logging out everywhere", (box) => logOutEverywhere(box, { user: ALICE })],
  ["removing the device", (box) => removeDevices(box, { user: ALICE, devices: [PHONE] })],
  ["logging in again on the device", (box) => logIn(box, PHONE)],
  [
    "a new password",
    (box) => setPassword(box, { user: ALICE, password: "other", logoutDevices: true }),
  ],
];

test.each(ENDS)(
  "%s ends a session with all its pairs, those made before a box heard of it included",
  async (_how, end) => {
    const mesh = await threeBoxes();
    const { all, a, b, c } = mesh;
    const first = await logIn(a, PHONE);
    const second = await refreshSession(b, first.refreshToken);
    split(mesh);
    await end(b, first);
    await expectRefused([b, c], first.refreshToken, HARD);
    const late = await refreshSession(a, second.refreshToken);
    await useAccessToken(a, late.token);
    await heal(mesh);
    for (const { token, refreshToken } of [first, second, late]) {
      await expectRefused(all, refreshToken, HARD);
      for (const box of all) await expect(useAccessToken(box, token)).rejects.toMatchObject(HARD);
    }
  },
);

test("logging out ends the session also where the login is ahead of this box's clock", async () => {
  const { a } = await threeBoxes();
  const { boxes: ahead } = await someBoxes(1, { wallClock: () => Date.now() + 60_000 });
  running.push(...ahead);
  const [other] = ahead.map(({ services }) => services);
  if (!other) throw new Error("there is a box");
  await withAlice(other);
  const { token, refreshToken } = await logIn(other);
  await logOut(a, await useAccessToken(a, token));
  await expectRefused([a], refreshToken, HARD);
});

test("a new password spares the session that sets it", async () => {
  const { all, a, b } = await threeBoxes();
  const { refreshToken } = await logIn(a, PHONE);
  const form = { user: ALICE, password: "other", logoutDevices: true, keep: PHONE };
  await setPassword(b, form);
  for (const box of all) await refreshSession(box, refreshToken);
});

test("an access token that expired is soft, whatever box made it, and the refresh token goes on", async () => {
  let aheadMs = 0;
  const { boxes } = await someBoxes(2, { wallClock: () => Date.now() + aheadMs });
  running.push(...boxes);
  const [a, b] = boxes.map(({ services }) => services);
  if (!a || !b) throw new Error("there are two boxes");
  await withAlice(a);
  const first = await logIn(a);
  const lasting = await startSession(a, { user: ALICE });
  aheadMs = first.expiresInMs + 1;
  for (const box of [a, b]) {
    await expect(useAccessToken(box, first.token)).rejects.toMatchObject(SOFTLY);
  }
  await expectGood([a, b], [lasting.token, (await refreshSession(b, first.refreshToken)).token]);
});

test.each([
  ["in 1970", () => 0],
  ["ten years ahead", () => Date.now() + 10 * YEAR_MS],
])(
  "a box that starts with its clock %s takes the tokens that it took before",
  async (_when, clock) => {
    const box = await oneBox();
    await withAlice(box.services);
    const first = await logIn(box.services);
    await box.stop();
    const again = await oneBox({ disk: box.disk, wallClock: clock });
    running.push(again);
    const { services } = again;
    const next = await refreshSession(services, first.refreshToken);
    await expectGood([services], [first.token, next.token]);
  },
);

test("boxes keep one row for a session, however often it refreshes", async () => {
  const { a, b } = await threeBoxes();
  let { refreshToken } = await logIn(a);
  for (let i = 0; i < 4; i++)
    ({ refreshToken } = await refreshSession(i % 2 ? a : b, refreshToken));
  using snapshot = b.reader.snapshot();
  const rows = await snapshot.range(sessionRounds, { prefix: [], limit: 10 });
  expect(rows.map(([, round]) => round)).toEqual([3]);
});

test("a first login that is repeated on a box which has not heard of it ends neither session", async () => {
  const mesh = await threeBoxes();
  split(mesh);
  const first = await logIn(mesh.a, PHONE);
  const again = await logIn(mesh.b, PHONE);
  await heal(mesh);
  await expectGood(mesh.all, [first.token, again.token]);
  const later = await logIn(mesh.c, PHONE);
  await expectGood(mesh.all, [later.token]);
  for (const { token } of [first, again]) {
    await expect(useAccessToken(mesh.a, token)).rejects.toMatchObject(HARD);
  }
});
