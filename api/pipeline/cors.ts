/**
 * Headers of every answer, so that clients in a browser may read it.
 * https://spec.matrix.org/v1.19/client-server-api/#web-browser-clients
 */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers": "X-Requested-With, Content-Type, Authorization",
};

/** What browsers may also know: when to try again after 429 and 503. */
export const EXPOSED_HEADERS = "Retry-After";

/** How long a browser may remember the answer to OPTIONS, in seconds: its own upper bound. */
export const PREFLIGHT_SECONDS = 86_400;
