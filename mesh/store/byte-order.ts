const SURROGATES_START = 0xd800;
const SURROGATES_END = 0xe000;
const SURROGATE_LIFT = 0x2000;
const PRIVATE_DROP = 0x800;

/** Moves surrogate units behind all others, where the code points that they stand for belong. */
function rank(unit: number): number {
  if (unit >= SURROGATES_END) return unit - PRIVATE_DROP;
  return unit >= SURROGATES_START ? unit + SURROGATE_LIFT : unit;
}

/** Orders text by its UTF-8 bytes, as LevelDB does; JavaScript's `<` goes by UTF-16 units. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Index of the first of the sorted keys that is not below `key`. */
export function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(sorted[middle] ?? "", key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
