const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const BITS_PER_CHAR = 5;
const BITS_PER_BYTE = 8;

/** RFC 4648 base32, lower case, no padding. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << BITS_PER_BYTE) | byte;
    bits += BITS_PER_BYTE;
    while (bits >= BITS_PER_CHAR) {
      bits -= BITS_PER_CHAR;
      text += ALPHABET[(buffer >>> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(buffer << (BITS_PER_CHAR - bits)) & 31];
}

/** The bytes of a text made by `base32`; undefined when a character or the tail does not belong. */
export function parseBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * BITS_PER_CHAR) / BITS_PER_BYTE));
  let length = 0;
  let buffer = 0;
  let bits = 0;
  for (const char of text) {
    const value = ALPHABET.indexOf(char);
    if (value === -1) return undefined;
    buffer = (buffer << BITS_PER_CHAR) | value;
    bits += BITS_PER_CHAR;
    if (bits >= BITS_PER_BYTE) {
      bits -= BITS_PER_BYTE;
      bytes[length++] = (buffer >>> bits) & 255;
    }
    buffer &= (1 << bits) - 1;
  }
  return bits < BITS_PER_CHAR && buffer === 0 ? bytes : undefined;
}
