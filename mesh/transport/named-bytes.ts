import { NAME_CHARS_MAX } from "./constants.ts";

const NAME = new RegExp(`^[a-z0-9-]{1,${NAME_CHARS_MAX}}$`);

/**
 * Bytes under a channel or method name: length of the name (1 byte), the name, the bytes.
 * Throws on a name outside `[a-z0-9-]{1,32}`, which is a mistake in our own code.
 */
export function encodeNamed(name: string, bytes: Uint8Array): Uint8Array {
  checkName(name);
  const encoded = Buffer.allocUnsafe(1 + name.length + bytes.length);
  encoded.writeUInt8(name.length, 0);
  encoded.write(name, 1, "latin1");
  encoded.set(bytes, 1 + name.length);
  return encoded;
}

/** Undefined when the bytes do not start with a name. `bytes` is a view, not a copy. */
export function decodeNamed(
  encoded: Uint8Array,
): { readonly name: string; readonly bytes: Uint8Array } | undefined {
  const length = encoded[0];
  if (length === undefined || encoded.length < 1 + length) return undefined;
  const name = Buffer.from(encoded.subarray(1, 1 + length)).toString("latin1");
  return NAME.test(name) ? { name, bytes: encoded.subarray(1 + length) } : undefined;
}

export function checkName(name: string): void {
  if (!NAME.test(name)) throw new Error(`Not a channel or method name: ${name}`);
}
