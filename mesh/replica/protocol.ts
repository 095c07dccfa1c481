/** The versions of the replication protocol that a box speaks. */
export interface ProtocolRange {
  readonly oldest: number;
  readonly newest: number;
}

/**
 * What this version speaks. A change that boxes of the version before cannot read gets a new `newest`;
 * `oldest` stays behind by one released version at least, so that boxes can be updated one by one.
 */
export const REPLICATION_PROTOCOL: ProtocolRange = { oldest: 1, newest: 1 };

/** The newest version that both speak, if there is one. */
export function commonProtocol(a: ProtocolRange, b: ProtocolRange): number | undefined {
  const newest = Math.min(a.newest, b.newest);
  return newest >= Math.max(a.oldest, b.oldest) ? newest : undefined;
}
