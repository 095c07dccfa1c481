/** Codes that scripts may rely on; `failed` is everything that has no code of its own. */
export type ControlErrorCode =
  | "not_running"
  | "no_answer"
  | "unknown_verb"
  | "bad_params"
  | "not_found"
  | "conflict"
  | "unavailable"
  | "failed";

/** A refusal that the person at `meshctl` is told about, over the socket or on this side of it. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
