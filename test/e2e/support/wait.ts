/** What an emitter of any library has. */
export interface Emitter {
  on(name: string, listener: () => void): unknown;
  off(name: string, listener: () => void): unknown;
}

/** Nothing that a client waits for takes longer, even where other tests keep the cores busy; milliseconds. */
const WAIT_MS = 30_000;

/** Looks now and after each of these events until it is true; fails with `what` after `waitMs`. */
export async function untilTrue(
  emitter: Emitter,
  names: readonly string[],
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  waitMs = WAIT_MS,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = (): void => {
    void Promise.resolve()
      .then(isTrue)
      .then((yes) => yes && resolve(), reject);
  };
  const giveUp = setTimeout(
    () => reject(new Error(`waited ${waitMs} ms in vain until ${what}`)),
    waitMs,
  );
  for (const name of names) emitter.on(name, look);
  try {
    look();
    await promise;
  } finally {
    clearTimeout(giveUp);
    for (const name of names) emitter.off(name, look);
  }
}
