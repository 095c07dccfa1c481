import type { IncomingMessage } from "node:http";
import { MatrixError } from "../../core/errors.ts";

const missingToken = (): MatrixError =>
  new MatrixError(401, "M_MISSING_TOKEN", "the request has no access token");

/**
 * The access token of a request: from the header, else from the query, which the specification has
 * deprecated and old clients still use.
 * https://spec.matrix.org/v1.19/client-server-api/#using-access-tokens
 */
export function accessTokenOf(
  request: IncomingMessage,
  query: () => URLSearchParams,
): string | undefined {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const token = /^bearer +(\S+) *$/i.exec(header)?.[1];
    if (token === undefined) throw missingToken();
    return token;
  }
  if (!request.url?.includes("access_token=")) return undefined;
  return query().get("access_token") || undefined;
}

export function requireToken(token: string | undefined): string {
  if (token === undefined) throw missingToken();
  return token;
}
