import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { generatePassword, readPassword } from "../../../bin/meshctl/password.ts";

describe("generatePassword", () => {
  it("is made of groups of letters that nobody mistakes for others", () => {
    const password = generatePassword((length) => Uint8Array.from({ length }, (_, i) => i * 13));
    expect(password).toMatch(/^([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}$/);
  });

  it("uses every bit of chance that it takes", () => {
    const passwords = Array.from({ length: 32 }, (_, byte) =>
      generatePassword((length) => new Uint8Array(length).fill(byte)),
    );
    expect(new Set(passwords).size).toBe(32);
  });
});

describe("readPassword", () => {
  it.each([
    [["secret\n"], "secret"],
    [["sec", "ret\r\nmore\n"], "secret"],
    [["no end"], "no end"],
    [["gr\u00fc\u00df\n"], "gr\u00fc\u00df"],
  ])("takes the first line of %j", async (chunks, password) => {
    await expect(readPassword(Readable.from(chunks))).resolves.toBe(password);
  });

  it("puts a character together that arrives in two pieces", async () => {
    const bytes = Buffer.from("ü\n");
    const input = Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]);
    await expect(readPassword(input)).resolves.toBe("ü");
  });

  it("refuses nothing and too much", async () => {
    await expect(readPassword(Readable.from(["\n"]))).rejects.toThrow("no password");
    await expect(readPassword(Readable.from(["x".repeat(513)]))).rejects.toThrow("longer than 512");
  });
});
