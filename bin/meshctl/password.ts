import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { RandomBytes } from "../home/secrets.ts";

/** Letters and digits that nobody mistakes for another one; 32 of them, 5 bits each. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
/** 4 groups of 5 characters: 100 bits. */
const GROUPS = 4;
const GROUP_LENGTH = 5;
/** Longest line taken from standard input, in characters: an invitation code is the longest. */
const STDIN_LENGTH_MAX = 4096;
/** Longest password taken from standard input, in characters. */
const PASSWORD_LENGTH_MAX = 512;

/** A password for a person to copy, e.g. `k3m9x-…`. */
export function generatePassword(random: RandomBytes): string {
  const letters = Array.from(random(GROUPS * GROUP_LENGTH), (byte) => ALPHABET.charAt(byte % 32));
  const groups = Array.from({ length: GROUPS }, (_, group) =>
    letters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join(""),
  );
  return groups.join("-");
}

/** Asks on the terminal without showing what is typed. Empty when the person just presses return. */
export async function askPassword(
  question: string,
  terminal: { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream },
): Promise<string> {
  terminal.output.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: terminal.input, output: silent, terminal: true });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    terminal.output.write("\n");
  }
}

type Input = AsyncIterable<Uint8Array | string>;

/** The first line of the input. Throws when it is empty or too long. */
export async function readPassword(input: Input): Promise<string> {
  const line = await readFirstLine(input, "password");
  if (line.length > PASSWORD_LENGTH_MAX) {
    throw new Error(`the password is longer than ${PASSWORD_LENGTH_MAX} characters`);
  }
  return line;
}

/** What somebody pastes or pipes in; `what` it should be, for people. Throws when there is none. */
export async function readFirstLine(input: Input, what: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of input) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    if (text.includes("\n") || text.length > STDIN_LENGTH_MAX) break;
  }
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line === "") throw new Error(`no ${what} on standard input`);
  return line;
}
