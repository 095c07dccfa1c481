import { MatrixError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Logger } from "../../core/ports.ts";
import { InteractiveAuthRequired } from "./interactive-auth.ts";

/** An error as HTTP. */
export interface ErrorAnswer {
  readonly status: number;
  readonly json: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
}

const NO_HEADERS: Readonly<Record<string, string>> = {};

/**
 * The one place where a thrown thing becomes an answer. What is not meant for clients is logged with
 * its cause and answered as 500 M_UNKNOWN without details.
 * https://spec.matrix.org/v1.19/client-server-api/#standard-error-response
 */
export function errorAnswer(
  error: unknown,
  logger: Logger,
  context: Readonly<Record<string, unknown>>,
): ErrorAnswer {
  if (error instanceof InteractiveAuthRequired) {
    return { status: 401, json: error.body, headers: NO_HEADERS };
  }
  if (!(error instanceof MatrixError)) {
    logger.error({ ...context, err: error }, "a request failed");
    return {
      status: 500,
      json: { errcode: "M_UNKNOWN", error: "Internal server error" },
      headers: NO_HEADERS,
    };
  }
  if (error.status >= 500) logger.warn({ ...context, err: error }, "a request was turned away");
  return {
    status: error.status,
    json: { ...error.extra, errcode: error.errcode, error: error.message },
    headers: retryHeaders(error),
  };
}

/** `Retry-After` counts seconds; `retry_after_ms` is the older form that clients still read. */
function retryHeaders(error: MatrixError): Readonly<Record<string, string>> {
  const ms = error.extra["retry_after_ms"];
  return typeof ms === "number" ? { "retry-after": String(Math.ceil(ms / 1000)) } : NO_HEADERS;
}
