import { authorise } from "../../../core/auth/authorise.ts";
import { publicKeyOf } from "../../../core/event/ed25519.ts";
import { eventIdOf, hasValidContentHash, unpaddedBase64 } from "../../../core/event/hash.ts";
import type { VerifyKey } from "../../../core/event/verify.ts";
import { missingSigner } from "../../../core/event/verify.ts";
import type { StateMap } from "../../../core/event/state-key.ts";
import { stateKeyOf } from "../../../core/event/state-key.ts";
import type { EventId } from "../../../core/ids.ts";
import { resolveState } from "../../../core/state-res/resolve-state.ts";
import { keyOf, RoomBuilder } from "../../support/room-builder.ts";
import type { Benchmark } from "../benchmark.ts";

const ALICE = "@alice:a.test";
const CHECKS = 100_000;

export const roomRules: Benchmark = {
  name: "room-rules",
  about: "auth checks, event hashes and state resolution, without any box",
  run: (figures) => {
    const room = new RoomBuilder({ version: "12", creator: ALICE });
    room.join(ALICE);
    room.joinRule(ALICE, "public");
    const event = room.get(room.message(ALICE));
    const state = room.authState();
    const { version } = room;
    const publicKey = unpaddedBase64(publicKeyOf(keyOf("a.test").privateKey));
    const key: VerifyKey = { publicKey, validUntilTs: Infinity };
    const check = (): void => authorise(version, event, state);
    figures.add("auth checks of a message", perSecond(CHECKS, check), "/s");
    figures.add(
      "event IDs of a message",
      perSecond(CHECKS / 10, () => eventIdOf(version, { ...event })),
      "/s",
    );
    figures.add(
      "content hashes of a message",
      perSecond(CHECKS / 10, () => hasValidContentHash(version, event)),
      "/s",
    );
    figures.add(
      "signatures of a message",
      perSecond(CHECKS / 50, () => missingSigner(version, event, () => key)),
      "/s",
    );
    for (const conflicted of [1000, 10_000]) {
      const { branches, events } = fork(conflicted);
      const start = performance.now();
      resolveState(version, branches, (id) => events.get(id));
      figures.add(`resolution of ${conflicted} conflicted events`, performance.now() - start, "ms");
    }
  },
};

function perSecond(times: number, run: () => void): number {
  for (let i = 0; i < times / 10; i++) run();
  const start = performance.now();
  for (let i = 0; i < times; i++) run();
  return (times / (performance.now() - start)) * 1000;
}

/** Two branches of a room that disagree about half as many keys, members and other state alike. */
function fork(conflicted: number) {
  const room = new RoomBuilder({ version: "12", creator: ALICE });
  room.join(ALICE);
  room.joinRule(ALICE, "public");
  const prev = room.tips;
  const base = room.state;
  const branches = [0, 1].map((branch): StateMap => {
    const state = new Map<string, EventId>(base);
    for (let i = 0; i < conflicted / 2; i++) {
      const more = { prev, ts: 1_800_000_000_000 + 2 * i + branch };
      const user = `@user${i}:a.test`;
      const [type, stateKey] = i % 2 === 0 ? ["m.room.member", user] : ["m.test", `key${i}`];
      const id =
        i % 2 === 0
          ? room.join(user, more)
          : room.send({ ...more, sender: ALICE, type, stateKey, content: {} });
      state.set(stateKeyOf(type, stateKey), id);
    }
    return state;
  });
  return { branches, events: room.events };
}
