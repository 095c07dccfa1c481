/** Why a disk takes no writes. */
export type DiskTrouble = "full" | "read-only" | "failing";

const CODES: Readonly<Record<string, DiskTrouble>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "read-only",
  EIO: "failing",
};
/** LevelDB passes on what the system calls it. */
const WORDS: readonly (readonly [RegExp, DiskTrouble])[] = [
  [/No space left on device|Disk quota exceeded/i, "full"],
  [/Read-only file system/i, "read-only"],
  [/Input\/output error/i, "failing"],
];
/** Causes below causes that are looked at. */
const CAUSES_MAX = 8;

/** For people: what is wrong with a disk. */
export const TROUBLE_TEXTS: Readonly<Record<DiskTrouble, string>> = {
  full: "The disk of this box is full.",
  "read-only": "The disk of this box is read-only.",
  failing: "The disk of this box fails.",
};

/** For people: why a write or a read failed. */
export function troubleText(error: unknown, what: "write" | "read" = "write"): string {
  const trouble = diskTroubleOf(error);
  return trouble ? TROUBLE_TEXTS[trouble] : `The disk of this box refuses to ${what}.`;
}

/** A write was refused because too little is free, before the disk itself refused it. */
export class DiskFullError extends Error {
  override readonly name = "DiskFullError";
  readonly code = "ENOSPC";

  constructor() {
    super(TROUBLE_TEXTS.full);
  }
}

/** What LevelDB says when it comes upon something that it did not write; nothing for other errors. */
export function corruptionIn(error: unknown): string | undefined {
  let at = error;
  for (let i = 0; i < CAUSES_MAX && at instanceof Error; i++, at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code === "LEVEL_CORRUPTION" || at.message.startsWith("Corruption: ")) return at.message;
  }
  return undefined;
}

/** What an error, or what caused it, says of the disk; nothing when it says something else. */
export function diskTroubleOf(error: unknown): DiskTrouble | undefined {
  let at = error;
  for (let i = 0; i < CAUSES_MAX && at instanceof Error; i++, at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    const known = code === undefined ? undefined : CODES[code];
    if (known) return known;
    const { message } = at;
    const found = WORDS.find(([words]) => words.test(message));
    if (found) return found[1];
  }
  return undefined;
}
