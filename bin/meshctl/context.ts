import type { Params, Result, Verb } from "../control/protocol.ts";
import type { RandomBytes } from "../home/secrets.ts";
import type { JoinRequester } from "./join-home.ts";

/** What the verbs need of the world; tests hand in their own. */
export interface Context {
  call<V extends Verb>(home: string, verb: V, params: Params<V>): Promise<Result<V>>;
  readonly requestJoin: JoinRequester;
  readonly random: RandomBytes;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly version: string;
  /** Waits, milliseconds. */
  pause(milliseconds: number): Promise<void>;
  /** Milliseconds since some fixed moment. */
  elapsed(): number;
  /** Has Ctrl-C call this instead of ending the program, until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
  /** The exit code of the program where a verb has more to say than that it failed. */
  exit(code: number): void;
}

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly home: string;
  readonly json: boolean;
}

/** Prints what a verb found: words for people, or with `--json` the data on one line. */
export function print(
  context: Context,
  options: GlobalOptions,
  words: string,
  data: unknown,
): void {
  context.output.write(`${options.json ? JSON.stringify(data) : words}\n`);
}
