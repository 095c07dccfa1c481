/** What another box sent is no copy of a store that this one could live on. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
  readonly code = "bad_snapshot";
}
