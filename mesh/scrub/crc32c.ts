/** The Castagnoli polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;
/** LevelDB stores a checksum changed, since a checksum of bytes with checksums in them is a poor one. */
const MASK = 0xa282ead8;
const BITS_PER_BYTE = 8;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < BITS_PER_BYTE; bit++) {
    rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  }
  return rest;
});

/** The checksum of bytes, of which those before had the checksum `before`. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  const { length } = bytes;
  for (let i = 0; i < length; i++) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

/** A checksum as LevelDB writes it. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
}
