import { expect, test } from "vitest";
import { crc32c, masked } from "../../../mesh/scrub/crc32c.ts";

/** https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4 */
test.each([
  ["nothing", new Uint8Array(0), 0],
  ["the digits", Buffer.from("123456789"), 0xe3069283],
  ["zeros", new Uint8Array(32), 0x8a9136aa],
  ["ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["what goes up", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["what goes down", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
])("the checksum of %s is that of the standard", (_, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum);
});

test("a checksum goes on piece by piece", () => {
  const whole = Buffer.from("a block and its type");
  expect(crc32c(whole.subarray(7), crc32c(whole.subarray(0, 7)))).toBe(crc32c(whole));
});

test("LevelDB's mask can be taken off again, and leaves no checksum as it was", () => {
  const sum = crc32c(Buffer.from("foo"));
  const rotated = (masked(sum) - 0xa282ead8) >>> 0;
  expect(((rotated >>> 17) | (rotated << 15)) >>> 0).toBe(sum);
  expect([sum, masked(masked(sum))]).not.toContain(masked(sum));
});
