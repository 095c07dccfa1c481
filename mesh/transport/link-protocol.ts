/**
 * The link protocol: one stream between two members, opened by the box with the lower ID. Each side
 * first says `hello` with its version, then sends frames in parcels, a pulse every second, and credit
 * for what it has processed.
 */
export const LinkKind = { hello: 1, pulse: 2, framePart: 3, frameEnd: 4, credit: 5 } as const;

/** Bumped when a box of the old version could not follow; carried in the `hello`. */
export const LINK_VERSION = 1;

/** Bytes of a credit parcel's body: one unsigned number, big endian. */
const CREDIT_BYTES = 4;

export function encodeCredit(bytes: number): Uint8Array {
  const body = Buffer.alloc(CREDIT_BYTES);
  body.writeUInt32BE(bytes);
  return body;
}

/** Undefined when the body is no credit. */
export function decodeCredit(body: Uint8Array): number | undefined {
  if (body.length !== CREDIT_BYTES) return undefined;
  return new DataView(body.buffer, body.byteOffset, CREDIT_BYTES).getUint32(0);
}
