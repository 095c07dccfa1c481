/** Lets everything else go on until something has come about; rejects where it does not. */
export async function untilSo(what: string, isSo: () => boolean, waitMs = 5000): Promise<void> {
  const end = performance.now() + waitMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`it did not come about: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
