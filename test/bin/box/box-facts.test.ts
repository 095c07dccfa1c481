import { join } from "node:path";
import { expect, test } from "vitest";
import { BoxFactsExchange } from "../../../bin/box/box-facts.ts";
import type { BoxId } from "../../../core/ids.ts";
import { QUIET } from "../../support/box-on-disk.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const [A, B] = ["aaaaaaaa", "bbbbbbbb"] as [BoxId, BoxId];

test("a box whose disk fails tells all the same, though not how full it is", async () => {
  const network = new MemoryNetwork();
  const store = { sizeBytes: () => Promise.reject(new Error("EIO")) };
  const home = join(tempFolder(), "gone");
  const [a, b] = [A, B].map((box) => {
    const transport = network.join(box);
    const shown = { store, home, version: "0.1.0", isRotten: () => false };
    return { transport, facts: new BoxFactsExchange({ ...shown, transport, logger: QUIET }) };
  });
  await Promise.all([a?.transport.start(), b?.transport.start()]);
  const told = { version: "0.1.0", diskUsedBytes: null, diskFreeBytes: null };
  expect(await a?.facts.of(A)).toMatchObject(told);
  expect(await a?.facts.of(B)).toMatchObject(told);
});

test("a box tells the others whether its store has rotted, and one that is not there tells nothing", async () => {
  const network = new MemoryNetwork();
  const store = { sizeBytes: () => Promise.resolve(5) };
  const rotten = { [A]: false, [B]: true };
  const [a, b] = [A, B].map((box) => {
    const transport = network.join(box);
    const isRotten = (): boolean => rotten[box] === true;
    const shown = { store, home: tempFolder(), version: "0.1.0", isRotten };
    return { transport, facts: new BoxFactsExchange({ ...shown, transport, logger: QUIET }) };
  });
  await Promise.all([a?.transport.start(), b?.transport.start()]);
  expect(await a?.facts.ask(B)).toMatchObject({ isRotten: true, diskUsedBytes: 5 });
  expect(await b?.facts.ask(A)).toMatchObject({ isRotten: false });
  await b?.transport.stop();
  expect(await a?.facts.ask(B)).toBeUndefined();
  expect(await a?.facts.of(B)).toMatchObject({ version: "0.1.0" });
});
