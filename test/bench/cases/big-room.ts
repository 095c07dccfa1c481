import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { sendInRoom } from "../../../core/rooms/build-event.ts";
import type { BoxId, RoomId, UserId } from "../../../core/ids.ts";
import type { Command } from "../../../core/ports.ts";
import type { TestBox } from "../../support/one-box.ts";
import { oneBox, TEST_SERVER } from "../../support/one-box.ts";
import type { Benchmark } from "../benchmark.ts";

const MEMBERS = 20_000;
const MEMBERS_QUICK = 2000;
/** Joins in one transaction while the room fills. */
const JOINS_AT_ONCE = 50;
/** Entries handed over at once. */
const BATCH = 100;
const CHANGES = 200;

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

/** In this process, the disk in memory: processor time of the room document and the indexes. */
export const bigRoom: Benchmark = {
  name: "big-room",
  about: `a room of ${MEMBERS} members: joining it, and changes of membership from another box`,
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
    const joining = performance.now();
    await here.node.runner.run(join, { room, users: [userOf(members + 1)], name: "newcomer" });
    figures.add(`joining a room of ${members} members`, performance.now() - joining, "ms");
    for (let n = 0; n < CHANGES; n++) {
      await here.node.runner.run(join, { room, users: [userOf(n)], name: `renamed ${n}` });
    }
    const times = (await takeRest(here, there)).slice(-CHANGES).toSorted((a, b) => a - b);
    const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
    figures.add("a membership change from another box, p50", at(0.5), "ms");
    figures.add("a membership change from another box, p99", at(0.99), "ms");
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    figures.add("a membership change from another box, mean", mean, "ms");
    await Promise.all([here.stop(), there.stop()]);
  },
};

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
