/** What a freshly started box on the store of a family takes. */
export interface Probe {
  readonly startMs: number;
  readonly checkMs: number;
  readonly initialSyncMs: number;
  readonly syncMs: number;
  readonly sendMs: number;
  readonly memoryBytes: number;
  readonly storeBytes: number;
}

/** After so many messages. */
export interface Sample extends Probe {
  readonly messages: number;
}

/**
 * What the last fifth of the year may cost beside the first one. `noise` is a difference that means
 * nothing, of a busy machine.
 */
const RULES: readonly {
  readonly name: keyof Probe;
  readonly what: string;
  readonly growth: number;
  readonly noise: number;
}[] = [
  { name: "startMs", what: "start-up", growth: 1.5, noise: 300 },
  { name: "initialSyncMs", what: "the first sync", growth: 1.5, noise: 100 },
  { name: "syncMs", what: "an incremental sync", growth: 1.5, noise: 5 },
  { name: "sendMs", what: "sending", growth: 1.5, noise: 10 },
  { name: "memoryBytes", what: "memory after the start", growth: 1.25, noise: 20 * 2 ** 20 },
];
/** How much more of the store a message may take at the end than at first; LevelDB tidies up late. */
const SIZE_GROWTH_MAX = 1.2;

/** What grew faster than the data, for people; empty when nothing did. */
export function faults(samples: readonly Sample[]): string[] {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || first === last) return ["too little was measured"];
  const found = RULES.flatMap(({ name, what, growth, noise }) => {
    if (last[name] <= first[name] * growth + noise) return [];
    return [`${what} grew from ${Math.round(first[name])} to ${Math.round(last[name])}`];
  });
  const [bytesAtFirst, bytesAtLast] = [first, last].map((at) => at.storeBytes / at.messages);
  if (Number(bytesAtLast) > Number(bytesAtFirst) * SIZE_GROWTH_MAX) {
    found.push(`a message takes ${bytesAtLast} bytes, ${bytesAtFirst} at first`);
  }
  return found;
}
