import { expect, test } from "vitest";
import { effects, unknownRecords } from "../../../core/tables.ts";
import { parseEntry } from "../../../mesh/journal/entry.ts";
import { leftKey } from "../../../mesh/store/mesh-keys.ts";
import { FAIR } from "../../simulation/options.ts";
import { askForEffects } from "../../simulation/effect-sink.ts";
import type { SimBox } from "../../simulation/sim-box.ts";
import { World } from "../../simulation/world.ts";
import type { Command } from "../../../core/ports.ts";
import type { EventId } from "../../../core/ids.ts";

/** Longer than what is done waits to be written down, milliseconds. */
const WRITTEN_DOWN_MS = 120_000;

const notify: Command<void, void> = (draft) => draft.cause("push", { event: "$it" as EventId });

const rowsOf = ({ disk }: SimBox, table: string): string[] =>
  [...disk.current.entries.keys()].filter((key) => key.startsWith(`t/${table}\0`));

test("what an earlier version kept is taken up before the entries that were carried over, which rest on it", async () => {
  const faults = { faults: {}, weather: FAIR, effectsFail: 0, oldBoxes: [false, true] };
  const world = new World("left entries", { boxes: 2, ...faults });
  await world.open();
  const [maker, old] = world.boxes as [SimBox, SimBox];
  const { clock, network } = world;
  await world.finish(askForEffects(maker.node ?? expect.unreachable()));
  await world.finish(maker.node?.runner.run(notify, undefined));
  await clock.run(clock.nowMs + 10_000, () => rowsOf(old, unknownRecords.name).length === 1);
  expect(rowsOf(old, effects.name)).toEqual([]);
  network.block(maker.id, old.id);
  network.block(old.id, maker.id);
  await clock.run(clock.nowMs + WRITTEN_DOWN_MS, () => rowsOf(maker, effects.name).length === 0);

  old.kill({ reset: true });
  old.isOld = false;
  const settled = [...maker.disk.journal().values()].filter((text) =>
    parseEntry(text).transaction.records.some(({ kind }) => kind === "settled"),
  );
  expect(settled).toHaveLength(1);
  const left = settled.map((value) => ({ type: "put", key: leftKey(1), value }) as const);
  old.disk.current.write(left);
  await world.finish(old.start());

  expect(rowsOf(old, unknownRecords.name)).toEqual([]);
  expect(rowsOf(old, effects.name)).toEqual([]);
});
