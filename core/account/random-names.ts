const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Random bytes as lower-case letters and digits that people can type, five bits of each byte. */
export function base32(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => BASE32.charAt(byte % BASE32.length)).join("");
}

/** Random bytes as capital letters, as device IDs are. Slightly uneven, which an ID may be. */
export function capitals(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(65 + (byte % 26))).join("");
}
