import type { BoxId } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import type { Ledger } from "../journal/ledger.ts";

/** What is needed to tidy up by what all boxes of the mesh have said. */
export interface UpkeepDeps {
  readonly ledger: Ledger;
  readonly timers: Timers;
  readonly logger: Logger;
  /** The boxes of the mesh, this one included. */
  readonly members: () => readonly BoxId[];
  /** Is nothing missing here that this box once had, as far as it knows? */
  readonly isWhole: () => boolean;
}
