import type { Command } from "../../../core/ports.ts";
import type { Services } from "../../../core/services.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import type { SimOptions } from "../options.ts";
import { drawOptions } from "../options.ts";
import type { Canary } from "../simulate.ts";

/** A build with one deliberate fault, and the rule by which it must be caught. */
export interface NamedCanary extends Canary {
  readonly name: string;
  readonly rule: string;
}

export const BUSY: Partial<SimOptions> = {
  boxes: 3,
  faults: { crash: 1, isolate: 1 },
  weather: { ...drawOptions("canary").weather, delayMs: 1, jitterMs: 5, gossipLoss: 0.1 },
  faultEveryMs: 2500,
  safetyMs: 16_000,
  requestEveryMs: 300,
  responsesLost: 0.15,
  hops: 0.5,
  faultsMin: 0,
  operationsMin: 0,
};

/** Replaces one command by another one, on every box. */
export function replacing<I, R>(
  wrong: Command<I, R>,
  by: (
    draft: Draft,
    input: I,
    ...rest: Parameters<Command<I, R>> extends [unknown, unknown, infer E] ? [E] : never
  ) => R,
): (services: Services) => Services {
  return (services) => ({
    ...services,
    runner: {
      run: (command, input) =>
        services.runner.run(
          (command as unknown) === wrong ? (by as unknown as typeof command) : command,
          input,
        ),
    },
  });
}
