/**
 * Documents are flat maps: a key is `section U+001F key`, so two boxes never create the same nested
 * map twice (Automerge would keep one of the two and hide the other).
 */
const SEPARATOR = "\u001f";

export function fieldKey(section: string, key: string): string {
  return section + SEPARATOR + key;
}

/** Undefined for a key that is not of this form. */
export function splitFieldKey(text: string): [section: string, key: string] | undefined {
  const at = text.indexOf(SEPARATOR);
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + 1)];
}
