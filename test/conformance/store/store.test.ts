import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { storeSuite } from "./store-suite.ts";

let folder = "";
let opened = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hearth-store-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

storeSuite("level", () => openLevelStore(join(folder, String(opened++))));
storeSuite("memory", () => Promise.resolve(new MemoryStore()));
