import type { JsonObject } from "./json.ts";

/**
 * A failure that a client is told about. `errcode` and `status` are the spec's
 * (https://spec.matrix.org/v1.19/client-server-api/#standard-error-response); `message` is safe to show.
 * `api/pipeline/errors.ts` is the one place that turns it into HTTP.
 */
export class MatrixError extends Error {
  override readonly name = "MatrixError";
  readonly errcode: string;
  readonly status: number;
  /** Further members of the error body, e.g. `soft_logout`, `retry_after_ms`. */
  readonly extra: JsonObject;

  constructor(
    status: number,
    errcode: string,
    message: string,
    extra: JsonObject = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.errcode = errcode;
    this.extra = extra;
  }
}

export const forbidden = (message: string): MatrixError =>
  new MatrixError(403, "M_FORBIDDEN", message);
export const notFound = (message: string): MatrixError =>
  new MatrixError(404, "M_NOT_FOUND", message);
export const badJson = (message: string): MatrixError =>
  new MatrixError(400, "M_BAD_JSON", message);
export const invalidParam = (message: string): MatrixError =>
  new MatrixError(400, "M_INVALID_PARAM", message);
export const missingParam = (message: string): MatrixError =>
  new MatrixError(400, "M_MISSING_PARAM", message);
export const tooLarge = (message: string): MatrixError =>
  new MatrixError(413, "M_TOO_LARGE", message);
/** This box cannot answer now, another one or a later try may. Never a reason to log out. */
export const unavailable = (message: string, cause?: unknown): MatrixError =>
  new MatrixError(503, "M_UNKNOWN", message, { retry_after_ms: 2000 }, cause);

/** Trouble of this box, such as a disk that cannot be read now: it says nothing about what was asked or sent. */
export const isTrouble = (error: unknown): boolean =>
  error instanceof MatrixError && error.status >= 500;

/** A condition that only a defect can cause. Kept on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
