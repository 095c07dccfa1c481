import type { BoxId } from "../../core/ids.ts";
import type { Command, Env, Runner } from "../../core/ports.ts";
import type { Draft } from "../../core/transaction/draft.ts";
import type { HybridTime } from "../../core/transaction/records.ts";

/** A write that the box called done. */
export interface Acknowledged {
  readonly box: BoxId;
  readonly time: HybridTime;
}

/** Tells of each write that was acknowledged, by its place in time. */
export function noting(inner: Runner, box: BoxId, tell: (write: Acknowledged) => void): Runner {
  return {
    async run<I, R>(command: Command<I, R>, input: I): Promise<R> {
      let time: HybridTime | undefined;
      const observed = (draft: Draft, given: I, env: Env): R => {
        const reply = command(draft, given, env);
        if (draft.records.length > 0) ({ time } = env);
        return reply;
      };
      const reply = await inner.run(observed, input);
      if (time !== undefined) tell({ box, time });
      return reply;
    },
  };
}

/** An error and what caused it. */
export function storyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined
    ? String(error.stack)
    : `${error.message}: ${storyOf(error.cause)}`;
}
