import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { sendInRoom } from "../../../core/rooms/build-event.ts";
import type { BoxId, RoomId, UserId } from "../../../core/ids.ts";
import type { Command } from "../../../core/ports.ts";
import { currentState } from "../../../core/rooms/state-view.ts";
import { rooms } from "../../../core/tables.ts";
import type { TestBox } from "../../support/one-box.ts";
import { oneBox, TEST_SERVER } from "../../support/one-box.ts";
import type { Benchmark } from "../benchmark.ts";
import type { Figures } from "../figures.ts";

const MEMBERS = 20_000;
const MEMBERS_QUICK = 2000;
/** Joins in one transaction while the room fills. */
const JOINS_AT_ONCE = 50;
/** Entries handed over at once. */
const BATCH = 100;
const CHANGES = 200;
const FORKS = 50;
const MIB = 1024 * 1024;

const userOf = (n: number): UserId => `@user${n}:${TEST_SERVER}` as UserId;

interface Change {
  readonly room: RoomId;
  readonly users: readonly UserId[];
  readonly name: string;
}

const join: Command<Change, void> = (draft, { room, users, name }, env) => {
  for (const user of users) {
    const content = { membership: "join", displayname: name };
    sendInRoom(draft, env, { room, sender: user, type: "m.room.member", stateKey: user, content });
  }
};

/** In this process, the disk in memory: processor time of the room's documents and the indexes. */
export const bigRoom: Benchmark = {
  name: "big-room",
  about: `a room of ${MEMBERS} members: joining it, changes of membership and forks from another box`,
  run: async (figures, { quick, note }) => {
    const members = quick ? MEMBERS_QUICK : MEMBERS;
    const here = await oneBox({ box: "aaaaaaaa" as BoxId });
    const there = await oneBox({ box: "bbbbbbbb" as BoxId });
    const user = userOf(members);
    const room = await createRoom(here.services, { user, body: { preset: "public_chat" } });
    for (let n = 0; n < members; n += JOINS_AT_ONCE) {
      const users = Array.from({ length: JOINS_AT_ONCE }, (_, i) => userOf(n + i));
      await here.node.runner.run(join, { room, users, name: "somebody" });
    }
    note(`${members} members are in`);
    await takeRest(here, there);
    const newcomer: Change = { room, users: [userOf(members + 1)], name: "newcomer" };
    const joining = await timeOf(() => here.node.runner.run(join, newcomer));
    figures.add(`joining a room of ${members} members`, joining, "ms");
    for (let n = 0; n < CHANGES; n++) {
      await here.node.runner.run(join, { room, users: [userOf(n)], name: `renamed ${n}` });
    }
    const changes = (await takeRest(here, there)).slice(-CHANGES);
    addTimes(figures, "a membership change from another box", changes);
    await addForks(figures, here, there, room);
    await there.stop();
    await addStart(figures, there.disk, room);
    await here.stop();
  },
};

/** Both boxes change a membership without knowing of each other; then each gets the other's. */
async function addForks(
  figures: Figures,
  here: TestBox,
  there: TestBox,
  room: RoomId,
): Promise<void> {
  const opened: number[] = [];
  const closed: number[] = [];
  await takeRest(there, here);
  for (let n = 0; n < FORKS; n++) {
    await here.node.runner.run(join, { room, users: [userOf(2 * n)], name: `here ${n}` });
    await there.node.runner.run(join, { room, users: [userOf(2 * n + 1)], name: `there ${n}` });
    opened.push(...(await takeRest(here, there)), ...(await takeRest(there, here)));
    const close: Change = { room, users: [userOf(3 * n)], name: `both ${n}` };
    closed.push(await timeOf(() => here.node.runner.run(join, close)));
    await takeRest(here, there);
  }
  addTimes(figures, "a change that forks the state", opened);
  addTimes(figures, "a change that closes a fork", closed);
}

/** What the first change costs after a start, with no document open, and what the room then takes. */
async function addStart(figures: Figures, disk: TestBox["disk"], room: RoomId): Promise<void> {
  const before = process.memoryUsage.rss();
  const box = await oneBox({ box: "bbbbbbbb" as BoxId, disk });
  const first: Change = { room, users: [userOf(7)], name: "after the start" };
  const start = await timeOf(() => box.node.runner.run(join, first));
  figures.add("the first membership change after a start", start, "ms");
  const meta = box.node.state.get(rooms, [room]);
  if (!meta) throw new Error("the room is here");
  const deps = { view: box.node.state, docs: box.node.documents };
  const all = await timeOf(() => void [...currentState(deps, room, meta).entries()]);
  figures.add("reading all its state from its documents after a start", all, "ms");
  const bytes = process.memoryUsage.rss() - before;
  figures.add("memory that the process grows by for both", bytes / MIB, "MiB");
  await box.stop();
}

async function timeOf(run: () => unknown): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

function addTimes(figures: Figures, what: string, times: readonly number[]): void {
  figures.addTimes(what, times);
  figures.add(`${what}, mean`, times.reduce((sum, time) => sum + time, 0) / times.length, "ms");
  figures.add(`${what}, most`, Math.max(...times), "ms");
}

/** Hands over entry by entry what one box has and the other has not; milliseconds of each. */
async function takeRest(from: TestBox, to: TestBox): Promise<number[]> {
  const { life } = from.node.ledger;
  const times: number[] = [];
  for (;;) {
    const next = (to.node.ledger.positions().get(life) ?? 0) + 1;
    const texts = await from.node.ledger.read(life, next, BATCH);
    if (texts.length === 0) return times;
    for (const text of texts) {
      const start = performance.now();
      await to.node.replicator.take([text]);
      times.push(performance.now() - start);
    }
  }
}
