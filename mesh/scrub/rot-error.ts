/** The bytes of a file are not those that were written. `message` goes on from the file's name, for people. */
export class RotError extends Error {
  override readonly name = "RotError";
}

export function expectSound(condition: unknown, message: string): asserts condition {
  if (!condition) throw new RotError(message);
}
