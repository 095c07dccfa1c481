import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { MatrixError, badJson, tooLarge } from "../../core/errors.ts";
import { isObject } from "../../core/json.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { DISCARD_BYTES_MAX, JSON_DEPTH_MAX } from "../constants.ts";

const notJson = (message: string): MatrixError => new MatrixError(400, "M_NOT_JSON", message);

/** The length that the client announces; `undefined` for a chunked body. */
export function declaredLength(request: IncomingMessage): number | undefined {
  const header = request.headers["content-length"];
  if (header !== undefined) return Number(header);
  return request.headers["transfer-encoding"] === undefined ? 0 : undefined;
}

/** The client closed its connection; nobody is left to be answered. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** Reads a whole body; throws 413 M_TOO_LARGE past the limit, `ClientGone` when it breaks off. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  // Its last event has passed where the client left while the access token was checked.
  if (request.destroyed) return Promise.reject(new ClientGone("the client left before its body"));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= bytesMax) return;
      request.off("data", take);
      reject(tooLarge(`the body has more than ${bytesMax} bytes`));
    };
    const breakOff = (): void => {
      if (!request.complete) reject(new ClientGone("the body broke off"));
    };
    request.on("data", take);
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("error", breakOff);
    request.once("close", breakOff);
  });
}

/**
 * Reads on after an early answer, so that the client sees the answer and not a reset connection; cuts
 * the connection of one that sends too much.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARD_BYTES_MAX) request.destroy();
  });
  request.on("error", () => undefined);
  request.resume();
}

/** Parses a body that must be a JSON object: 400 M_NOT_JSON for no JSON, M_BAD_JSON for another value. */
export function parseBody(bytes: Buffer): JsonObject {
  if (!isUtf8(bytes)) throw notJson("the body is not UTF-8");
  checkDepth(bytes);
  const text = bytes.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson("the body is not JSON");
  }
  if (!isObject(value)) throw badJson("the body must be a JSON object");
  // Half of a surrogate pair has no UTF-8 and would change whenever it is stored.
  if (SURROGATE_ESCAPE.test(text) && !isWellFormed(value)) {
    throw badJson("the body contains half of a surrogate pair");
  }
  return value;
}

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

function isWellFormed(value: Json | undefined): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isWellFormed(item));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Brackets and braces differ in this one bit. */
const BRACKET_BIT = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

function checkDepth(bytes: Buffer): void {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (inText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) {
      inText = true;
    } else if ((byte | BRACKET_BIT) === OPENING) {
      if (++depth > JSON_DEPTH_MAX)
        throw badJson(`the body is nested deeper than ${JSON_DEPTH_MAX}`);
    } else if ((byte | BRACKET_BIT) === CLOSING) {
      depth--;
    }
  }
}
