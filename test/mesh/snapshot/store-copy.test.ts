import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { KEPT_MS, PARCEL_BYTES } from "../../../mesh/snapshot/constants.ts";
import { RowsParcel, encodeEnd, encodeHead, encodeRows } from "../../../mesh/snapshot/rows.ts";
import { SnapshotServer } from "../../../mesh/snapshot/snapshot-server.ts";
import { StoreCopy } from "../../../mesh/snapshot/store-copy.ts";
import { STORE_FORMAT } from "../../../mesh/store/format.ts";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import {
  CLAIM_PREFIX,
  STORE_ID_KEY,
  VECTOR_KEY,
  heardKey,
  isSharedKey,
  leftKey,
} from "../../../mesh/store/mesh-keys.ts";
import type { Store } from "../../../mesh/store/store.ts";
import { encodeParcels } from "../../../mesh/transport/parcel.ts";
import type { Transport } from "../../../mesh/transport/transport.ts";
import { TransportError } from "../../../mesh/transport/transport.ts";
import { boxOfName } from "../journal/open-ledger.ts";
import { A as A1, JournalFixture } from "../store/journal-fixture.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const SOURCE = boxOfName("a");
const READER = boxOfName("b");
const quiet = (): void => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const HEAD = { id: "copy", vector: {}, sizeBytes: 1, format: STORE_FORMAT };
const all = { limit: 1_000_000 };

let folder: string;
const opened: Store[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hearth-copy-"));
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(folder, { recursive: true });
});

const KINDS: readonly [string, (name: string) => Promise<Store>][] = [
  ["memory", () => Promise.resolve(new MemoryStore())],
  ["level", (name) => openLevelStore(join(folder, name))],
];

async function keep(store: Promise<Store>): Promise<Store> {
  opened.push(await store);
  return store;
}

/** Rows of all kinds, some of them large. */
async function fill(store: Store): Promise<void> {
  const fixture = new JournalFixture();
  await store.batch([{ type: "put", key: STORE_ID_KEY, value: "source" }]);
  await fixture.write(store, A1, 250, 3000);
  const put = (key: string, value: string) => ({ type: "put", key, value }) as const;
  await store.batch([
    put("d/mesh\0s", "x".repeat(3 * PARCEL_BYTES)),
    put("t/e\0$ü😀\0", '{"ß":"\\u0000😀"}'),
    put(`${CLAIM_PREFIX}user\u001fanna`, "mine"),
    put(heardKey(READER), "{}"),
    put(leftKey(1), "{}"),
  ]);
}

const sharedRows = async (store: Store): Promise<[string, string][]> =>
  (await store.range(all)).filter(([key]) => isSharedKey(key));

/** A network of two boxes whose stream breaks off after so many chunks, if it does. */
function wire(store: Store, timers = new FakeTimers()) {
  let handler: Parameters<Transport["onFetchStream"]>[1] | undefined;
  const state = { chunksLeft: Number.POSITIVE_INFINITY, chunks: 0 };
  const transport = {
    self: SOURCE,
    onFetchStream: (_method: string, given: typeof handler) => {
      handler = given;
      return quiet;
    },
    async *fetchStream(_box: BoxId, _method: string, body: Uint8Array) {
      if (!handler) throw new TransportError("link_down", "nobody is there");
      for await (const chunk of handler(READER, body)) {
        if (state.chunksLeft-- <= 0) throw new TransportError("link_down", "cut");
        state.chunks++;
        // A stream does not keep the borders of what was written.
        yield chunk.subarray(0, 100);
        yield chunk.subarray(100);
      }
    },
  } as unknown as Transport;
  const refusal = (): undefined => undefined;
  const server = new SnapshotServer({ transport, store, life: A1, timers, logger, refusal });
  return { transport, server, state, timers };
}

function copyInto(target: Store, transport: Transport, isStopped = (): boolean => false) {
  const open = (): Promise<Store> => Promise.resolve(target);
  return new StoreCopy({ from: SOURCE, transport, open, isStopped });
}

describe.each(KINDS)("a copy of a store (%s)", (_, make) => {
  test("has every row but the box's own, as they were when it was begun", async () => {
    const [source, target] = [await keep(make("source")), await keep(make("target"))];
    await fill(source);
    const before = await sharedRows(source);
    const { transport, state } = wire(source);
    state.chunksLeft = 2;
    const copy = copyInto(target, transport);
    await expect(copy.fetch()).rejects.toMatchObject({ code: "link_down" });
    await source.batch([
      { type: "put", key: "t/new", value: "row" },
      { type: "del", key: "d/mesh\0s" },
    ]);
    state.chunksLeft = Number.POSITIVE_INFINITY;
    await copy.fetch();
    expect(await target.range(all)).toEqual(before);
    expect(copy.isRead).toBe(true);
    expect(copy.head?.vector).toEqual(JSON.parse(target.get(VECTOR_KEY) ?? ""));
  });

  test("goes on after each cut with what is not on disk yet", async () => {
    const [source, target] = [await keep(make("source")), await keep(make("target"))];
    await fill(source);
    await source.batch(
      Array.from({ length: 40 }, (__, i) => {
        return { type: "put", key: `t/big${100 + i}`, value: `${i}`.repeat(100_000) } as const;
      }),
    );
    const { transport, state } = wire(source);
    const whole = copyInto(await keep(make("other")), transport);
    await whole.fetch();
    const needed = state.chunks;
    state.chunks = 0;
    const copy = copyInto(target, transport);
    let cuts = 0;
    for (let isDone = false; !isDone; cuts++) {
      state.chunksLeft = 9;
      isDone = await copy.fetch().then(
        () => true,
        () => false,
      );
    }
    expect(cuts).toBeGreaterThan(2);
    // A head for each try, and what was read but not yet written.
    expect(state.chunks).toBeLessThan(needed + cuts * 7);
    expect(await target.range(all)).toEqual(await sharedRows(source));
  });
});

test("a copy that is not open any more is refused, and so is what is no wish", async () => {
  const source = new MemoryStore();
  await fill(source);
  const { transport, state, timers, server } = wire(source);
  const copy = copyInto(new MemoryStore(), transport);
  state.chunksLeft = 2;
  await expect(copy.fetch()).rejects.toThrow("cut");
  await timers.advance(KEPT_MS);
  state.chunksLeft = 100;
  await expect(copy.fetch()).rejects.toMatchObject({ code: "refused" });
  for (const body of ["7", '{"id":7}', `"${"x".repeat(10_000)}"`]) {
    const stream = transport.fetchStream(SOURCE, "snapshot", Buffer.from(body), { timeoutMs: 1 });
    await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: "refused" });
  }
  server.stop();
  expect(timers.waiting).toBe(0);
});

test("a box that is stopping takes no more of a copy", async () => {
  const source = new MemoryStore();
  await fill(source);
  const { transport } = wire(source);
  const target = new MemoryStore();
  await expect(copyInto(target, transport, () => true).fetch()).rejects.toThrow("stopping");
  expect(await target.range(all)).toEqual([]);
});

describe("a copy that cannot be one", () => {
  const answering = (...chunks: Uint8Array[]): Transport =>
    ({
      async *fetchStream() {
        yield* chunks;
      },
    }) as unknown as Transport;
  const damaged = encodeRows([["t/a", "1"]]);
  damaged[damaged.length - 1] = 0;
  const head = encodeHead(HEAD);
  const cutOff = encodeRows([["t/a", "1"]]).subarray(0, -1);
  const BAD: readonly [string, Uint8Array[], RegExp][] = [
    ["is damaged on the way", [head, damaged, encodeEnd()], /checksum/],
    ["has a row of the sender's own", [head, encodeRows([[STORE_ID_KEY, "x"]])], /unknown kind/],
    ["has a row that nobody knows", [head, encodeRows([["z/a", "x"]])], /unknown kind/],
    ["has an endless key", [head, encodeRows([[`t/${"x".repeat(9999)}`, ""]])], /unknown kind/],
    ["has a row twice", [head, encodeRows([["t/a", "1"]]), encodeRows([["t/a", "2"]])], /in order/],
    [
      "has rows out of order",
      [
        head,
        encodeRows([
          ["t/b", ""],
          ["t/a", ""],
        ]),
      ],
      /in order/,
    ],
    ["has no head", [encodeRows([["t/a", "1"]]), encodeEnd()], /no head/],
    [
      "has a head that is none",
      [encodeParcels([{ kind: RowsParcel.head, body: Buffer.from("{}") }])],
      /head/,
    ],
    [
      "is of a later version of the software",
      [encodeHead({ ...HEAD, format: STORE_FORMAT + 1 })],
      /update this one/,
    ],
    ["is in no format", [encodeHead({ ...HEAD, format: 0 })], /no known format/],
    ["changes on the way", [head, encodeHead({ ...HEAD, id: "other" })], /another copy/],
    [
      "has a part of another kind",
      [head, encodeParcels([{ kind: 9, body: Buffer.from("") }])],
      /kind/,
    ],
    ["ends in the middle", [head, cutOff], /ended early/],
    ["is nothing", [], /ended early/],
  ];

  test.each(BAD)("%s", async (_, chunks, why) => {
    const copy = copyInto(new MemoryStore(), answering(...chunks));
    await expect(copy.fetch()).rejects.toThrow(why);
    expect(copy.isRead).toBe(false);
  });

  test("has lengths that lead out of it", async () => {
    const rows = Buffer.from(encodeRows([["t/a", "1"]]));
    // The value's length, behind kind, length, checksum and the key's length.
    rows.writeUInt32BE(1000, 5 + 32 + 4);
    const { hash } = await import("node:crypto");
    hash("sha256", rows.subarray(5 + 32), "buffer").copy(rows, 5);
    await expect(copyInto(new MemoryStore(), answering(head, rows)).fetch()).rejects.toThrow(
      "cut off",
    );
  });
});
