/**
 * Matching of glob patterns, `*` for any text and `?` for one character, ignoring case. Patterns come
 * from clients and run on every event, so the time is bounded by text length times pattern length; a
 * regular expression would promise no such thing.
 * https://spec.matrix.org/v1.19/appendices/#glob-style-matching
 */
export type TextTest = (text: string) => boolean;

const WILDCARD = /[*?]/;
const WORD_CHARACTER = /[A-Za-z0-9_]/;

/** Does the whole text match? */
export function wholeMatcher(pattern: string): TextTest {
  const wanted = pattern.toLowerCase();
  if (!WILDCARD.test(wanted)) {
    return (text) => text.length === wanted.length && text.toLowerCase() === wanted;
  }
  const parts = Array.from(wanted);
  const must = longestLiteral(wanted);
  return (text) => {
    const lower = text.toLowerCase();
    if (!lower.includes(must)) return false;
    const characters = Array.from(lower);
    return runs(
      parts,
      characters,
      (at) => at === 0,
      (at) => at === characters.length,
    );
  };
}

/**
 * Does some part of the text match that starts and ends at a word boundary: at an end of the text or
 * at a character other than A-Z, a-z, 0-9 and _?
 */
export function wordMatcher(pattern: string): TextTest {
  const wanted = pattern.toLowerCase();
  if (!WILDCARD.test(wanted)) return (text) => containsWord(text, wanted);
  const parts = Array.from(wanted);
  const must = longestLiteral(wanted);
  return (text) => {
    const lower = text.toLowerCase();
    if (!lower.includes(must)) return false;
    const characters = Array.from(lower);
    return runs(
      parts,
      characters,
      (at) => isOutside(characters[at - 1]) || isOutside(characters[at]),
      (at) => isOutside(characters[at - 1]) || isOutside(characters[at]),
    );
  };
}

/** What every match contains; most texts lack it, and looking for it is quick. */
function longestLiteral(pattern: string): string {
  return pattern
    .split(/[*?]/)
    .reduce((longest, part) => (part.length > longest.length ? part : longest), "");
}

/** `charAt` beyond an end gives "", which is outside of any word too. */
function isOutside(character: string | undefined): boolean {
  return character === undefined || !WORD_CHARACTER.test(character);
}

/** Is the word, taken as it is, in the text between word boundaries? Case does not matter. */
export function containsWord(body: string, wanted: string): boolean {
  const text = body.toLowerCase();
  const word = wanted.toLowerCase();
  if (word === "") return false;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (isEdge(text, at) && isEdge(text, at + word.length)) return true;
  }
  return false;
}

function isEdge(text: string, at: number): boolean {
  return isOutside(text.charAt(at - 1)) || isOutside(text.charAt(at));
}

/** Follows all ways through the pattern at once: `active[i]` means that the first i parts matched. */
function runs(
  parts: readonly string[],
  characters: readonly string[],
  mayStart: (at: number) => boolean,
  mayEnd: (at: number) => boolean,
): boolean {
  let active = new Uint8Array(parts.length + 1);
  for (let at = 0; at <= characters.length; at++) {
    if (mayStart(at)) active[0] = 1;
    // A star may stand for nothing.
    for (let i = 0; i < parts.length; i++) if (active[i] && parts[i] === "*") active[i + 1] = 1;
    if (active[parts.length] && mayEnd(at)) return true;
    const next = new Uint8Array(parts.length + 1);
    for (let i = 0; i < parts.length; i++) {
      if (!active[i] || at === characters.length) continue;
      if (parts[i] === "*") next[i] = 1;
      else if (parts[i] === "?" || parts[i] === characters[at]) next[i + 1] = 1;
    }
    active = next;
  }
  return false;
}
