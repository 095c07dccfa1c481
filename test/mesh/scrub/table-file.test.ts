import { beforeAll, describe, expect, it } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { READ_BYTES } from "../../../mesh/scrub/constants.ts";
import { RotError } from "../../../mesh/scrub/rot-error.ts";
import { checkTable } from "../../../mesh/scrub/table-file.ts";
import { bytesOf, levelWithTables, memoryFile, run, tablesIn } from "./level-tables.ts";

const FOOTER = 48;
const FLIPPED_BIT = 0x10;
const ZEROED_BYTES = 4096;

let table: Buffer;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "hearth-table-"));
  const db = await levelWithTables(folder);
  await db.close();
  table = bytesOf(folder, tablesIn(folder)[0] ?? "");
  rmSync(folder, { recursive: true });
});

const check = (bytes: Uint8Array, sizeBytes = table.length) =>
  run(checkTable(memoryFile(bytes), sizeBytes));

function flipped(at: number): Buffer {
  const bytes = Buffer.from(table);
  bytes.writeUInt8(bytes.readUInt8(at) ^ FLIPPED_BIT, at);
  return bytes;
}

/** Where the last three blocks begin, as the end of the file says. */
function regions() {
  const footer = table.subarray(-FOOTER);
  const numbers: number[] = [];
  let at = 0;
  for (let i = 0; i < 4; i++) {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = footer.readUInt8(at++);
      value += (byte & 127) * unit;
      if (byte < 128) break;
    }
    numbers.push(value);
  }
  const [meta = 0, , index = 0] = numbers;
  return { meta, index, padding: table.length - FOOTER + at, end: table.length - FOOTER };
}

describe("a table that LevelDB wrote", () => {
  it("is sound, and is read from end to end", async () => {
    expect(table.length).toBeGreaterThan(2 * READ_BYTES);
    expect((await check(table)).bytes).toBe(table.length);
  });

  it("is rotten wherever one bit has flipped", async () => {
    const { meta, index, padding, end } = regions();
    const inFilter = meta - 20;
    const inData = [0, 1, 1000, READ_BYTES - 1, READ_BYTES, Math.floor(meta / 2)];
    const inLists = [inFilter, meta - 5, meta - 1, meta, meta + 4, index - 5, index - 1];
    const inIndex = [index, index + 1, Math.floor((index + end) / 2), end - 5, end - 1];
    const inFooter = Array.from({ length: FOOTER }, (_, i) => end + i);
    expect(padding).toBeGreaterThan(end);
    const places = [...inData, ...inLists, ...inIndex, ...inFooter];
    for (const at of places) {
      await expect(check(flipped(at)), `byte ${at}`).rejects.toThrow(RotError);
    }
  });

  it("is rotten wherever any byte of many has flipped", async () => {
    for (let at = 7; at < table.length; at += 4099) {
      await expect(check(flipped(at)), `byte ${at}`).rejects.toThrow(RotError);
    }
  });

  it("says where the damage is", async () => {
    await expect(check(flipped(1))).rejects.toThrow(
      "has a block at byte 0 that does not match its checksum",
    );
  });

  it("is rotten with four kilobytes of zeros anywhere", async () => {
    for (const at of [0, READ_BYTES, regions().index - ZEROED_BYTES, table.length - ZEROED_BYTES]) {
      const bytes = Buffer.from(table);
      bytes.fill(0, at, at + ZEROED_BYTES);
      await expect(check(bytes), `byte ${at}`).rejects.toThrow(RotError);
    }
  });

  it("is rotten when it is cut off, empty, all zeros or longer than LevelDB knows", async () => {
    for (const size of [0, 1, FOOTER - 1, FOOTER, table.length - 1]) {
      await expect(check(table.subarray(0, size))).rejects.toThrow(`has ${size} bytes instead of`);
      // Also where the list of tables agrees.
      await expect(check(table.subarray(0, size), size), `${size}`).rejects.toThrow(RotError);
    }
    await expect(check(Buffer.alloc(table.length))).rejects.toThrow(RotError);
    await expect(check(Buffer.concat([table, table]))).rejects.toThrow(RotError);
  });

  it("is not rotten when the disk fails to read it: that error is passed on", async () => {
    const failing = {
      ...memoryFile(table),
      read: () => Promise.reject(new Error("EIO: i/o error")),
    };
    const checking = run(checkTable(failing, table.length));
    await expect(checking).rejects.toThrow("EIO");
    await expect(checking).rejects.not.toThrow(RotError);
  });
});
