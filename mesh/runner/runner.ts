import type { Command, Runner } from "../../core/ports.ts";
import { unavailable } from "../../core/errors.ts";
import type { Dot } from "../../core/vector.ts";
import type { Ledger } from "../journal/ledger.ts";
import { troubleText } from "../store/disk-trouble.ts";

export interface RunnerDeps {
  readonly ledger: Ledger;
  /** Waits for the other boxes as the owner's policy says. */
  readonly acknowledged: (dot: Dot) => Promise<void>;
  /** Why writes are refused now, if they are. */
  readonly refusal: () => string | undefined;
}

/** Answers a command once its records are on this disk and on those of the boxes in reach. */
export class MeshRunner implements Runner {
  readonly #deps: RunnerDeps;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  async run<I, R>(command: Command<I, R>, input: I): Promise<R> {
    const refusal = this.#deps.refusal();
    if (refusal !== undefined) throw unavailable(refusal);
    const { reply, dot, written } = this.#deps.ledger.commit(command, input);
    try {
      await written;
    } catch (error) {
      throw unavailable(troubleText(error), error);
    }
    // A retry that finds its work done changes nothing, yet it may only be answered like the first try.
    const last = dot ?? this.#deps.ledger.lastOwn;
    if (last) await this.#deps.acknowledged(last);
    return reply;
  }
}
