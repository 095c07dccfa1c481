/** Why a document refused a change or a view. Never a client's fault: a peer's, or a damaged disk's. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
  /**
   * - `garbage`: bytes that are no change, or not of a flat map of text
   * - `too-large`: past a limit
   * - `missing-deps`: it names changes that are not in the document
   * - `forked`: one actor used one sequence number twice
   */
  readonly reason: "garbage" | "too-large" | "missing-deps" | "forked";

  constructor(reason: DocumentError["reason"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
