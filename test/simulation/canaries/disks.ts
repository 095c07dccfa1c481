import type { World } from "../world.ts";
import { JOURNAL_LIMITS } from "../../../mesh/replica/truncator.ts";
import { BUSY } from "./canary.ts";
import type { NamedCanary } from "./canary.ts";
/** The rows of a disk that begin with a prefix. */
function rowsOf(world: World, index: number, prefix: string): [key: string, text: string][] {
  const entries = world.boxes[index]?.disk.current.entries ?? new Map<string, string>();
  return [...entries]
    .filter(([key]) => key.startsWith(prefix))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function putRow(world: World, index: number, key: string, value: string): void {
  world.boxes[index]?.disk.current.write([{ type: "put", key, value }]);
}

function dropRow(world: World, index: number, key: string): void {
  world.boxes[index]?.disk.current.write([{ type: "del", key }]);
}

export const DISKS: readonly NamedCanary[] = [
  {
    name: "a disk that forgets what it acknowledged",
    rule: "durability",
    options: { ...BUSY, boxes: 1 },
    spoil: (world) => {
      world.clock.after(15_000, () => {
        const [box] = world.boxes;
        box?.kill({ reset: true });
        box?.disk.current.crash({ loseBatches: 30 });
        void box?.start();
      });
    },
  },
  {
    name: "a journal with a gap",
    rule: "journal",
    forge: (world) => dropRow(world, 1, rowsOf(world, 1, "j/")[2]?.[0] ?? ""),
  },
  {
    name: "a journal that was forked",
    rule: "journal",
    forge: (world) => {
      const [key, text] = rowsOf(world, 1, "j/")[2] ?? ["", ""];
      putRow(world, 1, key, text.replace('"records":[', '"records":[{"kind":"none"},'));
    },
  },
  {
    name: "a transaction that is stamped before its causes",
    rule: "causes",
    forge: (world) => {
      world.boxes.forEach((_, i) => {
        const [key, text] = rowsOf(world, i, "j/").at(-1) ?? ["", ""];
        putRow(world, i, key, text.replace(/"time":\d+/, '"time":1'));
      });
    },
  },
  {
    name: "a transaction that is stamped years ahead",
    rule: "causes",
    forge: (world) => {
      world.boxes.forEach((_, i) => {
        const [key, text] = rowsOf(world, i, "j/").at(-1) ?? ["", ""];
        putRow(world, i, key, text.replace(/"time":\d+/, '"time":2000000000000000'));
      });
    },
  },
  {
    name: "a state of a room that lacks something on every box",
    rule: "rooms",
    forge: (world) => {
      world.boxes.forEach((_, i) => dropRow(world, i, rowsOf(world, i, "t/rs\0")[0]?.[0] ?? ""));
    },
  },
  {
    name: "an event that every box shows and nobody sent",
    rule: "rooms",
    forge: (world) => {
      world.boxes.forEach((_, i) => {
        const [key, text] = rowsOf(world, i, "t/tl\0")[0] ?? ["", ""];
        putRow(world, i, key.replace(/\$[^\0]+\0$/, "$nobody\0"), text);
      });
    },
  },
  {
    name: "a derived row that one box lacks",
    rule: "equality",
    forge: (world) => dropRow(world, 1, rowsOf(world, 1, "t/rs\0")[0]?.[0] ?? ""),
  },
  {
    name: "a document that lacks a change on one box",
    rule: "equality",
    forge: (world) => {
      dropRow(world, 1, rowsOf(world, 1, "d/mesh\0c").at(-1)?.[0] ?? "");
      world.boxes[1]?.node?.documents.close();
    },
  },
  {
    name: "entries dropped that a box lacks, which cannot copy a store",
    rule: "convergence",
    options: {
      ...BUSY,
      faults: {},
      safetyMs: 40_000,
      journal: { ...JOURNAL_LIMITS, keepEntries: 5, heldEntries: 5 },
    },
    spoil: ({ network, boxes }) => {
      const [late, ...others] = boxes;
      for (const other of others) {
        if (late) network.block(late.id, other.id);
        if (late) network.block(other.id, late.id);
      }
      for (const { disk } of boxes) disk.isCramped = true;
    },
  },
  {
    name: "writes that wait for no other box",
    rule: "readable",
    options: { ...BUSY, faults: {} },
    spoil: ({ boxes }) => {
      for (const { node } of boxes) {
        if (node) node.replicator.acknowledged = () => Promise.resolve();
      }
    },
  },
  {
    name: "records of a later version that are never taken up",
    rule: "effects",
    options: { ...BUSY, faults: { "update-box": 1 } },
    spoil: ({ boxes }) => {
      const stays = { get: () => true, set: () => undefined };
      for (const box of boxes) Object.defineProperty(box, "isOld", stays);
    },
  },
  {
    name: "a box that was removed and that nobody switches off",
    rule: "convergence",
    options: { ...BUSY, faults: { "remove-box": 1 } },
    spoil: ({ owner }) => {
      owner.switchOffRemoved = () => undefined;
    },
  },
  {
    name: "boxes that never meet again",
    rule: "convergence",
    options: { ...BUSY, boxes: 2, faults: {} },
    spoil: ({ network, boxes: [a, b] }) => {
      if (a && b) network.block(a.id, b.id);
      network.heal = () => undefined;
    },
  },
];
