import type { Store } from "../store/store.ts";

/** Room for a second store beside the first one of a box. */
export interface SpareStore {
  /**
   * An empty store; what was begun before is thrown away. Rejects with an error for people when there
   * is no room for so many bytes.
   */
  begin(bytes: number): Promise<Store>;
  /** Throws away what was begun, which is closed. */
  discard(): Promise<void>;
  /**
   * Puts the spare store in the place of the first, both closed. A crash leaves the one or the other
   * to the next start, whole.
   */
  swap(): Promise<void>;
}
