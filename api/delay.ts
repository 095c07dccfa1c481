/**
 * The delay that an early draft of MSC4140 puts in the query of sending, in milliseconds; NaN where it is
 * no number. Clients in use still send it.
 */
export function requestedDelay(query: URLSearchParams): number | undefined {
  const text = query.get("org.matrix.msc4140.delay");
  if (text === null) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
