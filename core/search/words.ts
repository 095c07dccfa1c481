/** Scripts that are written without spaces: a word of them may stand anywhere in a text. */
const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const BETWEEN_WORDS = /[^\p{L}\p{N}]+/u;

/** For comparing without case and accents: "José" is found by "jose". */
export function folded(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

/** The distinct words of a text, folded. */
export function wordsOf(text: string): string[] {
  return [...new Set(folded(text).split(BETWEEN_WORDS))].filter((word) => word !== "");
}

/**
 * How well a text matches all the words, from 0 (one is missing) to 1. A word is found at the beginning
 * of a word of the text; whole words count double, and the more so the shorter the text is.
 */
export function rankOf(words: readonly string[], text: string): number {
  const whole = folded(text);
  if (words.length === 0 || !words.every((word) => whole.includes(word))) return 0;
  const texts = whole.split(BETWEEN_WORDS).filter((word) => word !== "");
  let points = 0;
  for (const word of words) {
    if (texts.includes(word)) points += 2;
    else if (UNSPACED.test(word) || texts.some((other) => other.startsWith(word))) points += 1;
    else return 0;
  }
  return points / (2 * words.length * Math.sqrt(Math.max(1, texts.length)));
}
