import type { JsonObject } from "../core/json.ts";

/** Tokens as `/login`, `/register` and `/refresh` answer them. */
export function tokensJson(tokens: {
  readonly token: string;
  readonly refreshToken?: string;
  readonly expiresInMs?: number;
}): JsonObject {
  const { token, refreshToken, expiresInMs } = tokens;
  return {
    access_token: token,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(expiresInMs === undefined ? {} : { expires_in_ms: expiresInMs }),
  };
}
