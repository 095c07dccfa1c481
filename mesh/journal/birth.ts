import type { Command } from "../../core/ports.ts";
import type { Dot } from "../../core/vector.ts";

/** The first entry of a life; its input is where the life before ended, as far as that is known. */
export const birth: Command<Dot | undefined, void> = (draft, previous) =>
  draft.stage({ kind: "birth", ...(previous ? { previous } : {}) });
