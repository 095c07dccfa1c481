/** What stands in the way of using a home folder. `message` is for the person at the keyboard. */
export class HomeError extends Error {
  override readonly name = "HomeError";
  readonly code: "HOME_IN_USE" | "HOME_EXISTS" | "HOME_DAMAGED" | "HOME_MISSING";

  constructor(code: HomeError["code"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
