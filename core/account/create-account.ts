import { invalidParam, MatrixError } from "../errors.ts";
import type { UserId } from "../ids.ts";
import type { Env } from "../ports.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { userDoc } from "../user-data/section.ts";
import { accountExists } from "./accounts.ts";
import { hashPassword, nameClaimValue, PASSWORD_CHARACTERS_MAX } from "./passwords.ts";
import { useRegistrationToken } from "./registration-tokens.ts";

export const userInUse = (): MatrixError =>
  new MatrixError(400, "M_USER_IN_USE", "this user name is taken");

interface NewAccount {
  readonly user: UserId;
  readonly passwordHash: string;
  /** `first`: an administrator only when the mesh never had an account. */
  readonly admin: boolean | "first";
  readonly registrationToken?: string | undefined;
}

/** Command: makes the account. Throws M_USER_IN_USE when the name was ever registered. */
export function createAccount(draft: Draft, input: NewAccount, env: Env): void {
  const doc = userDoc(input.user);
  if (accountExists(draft, input.user)) throw userInUse();
  const isFirst = draft.getField("mesh", "server", "first_user") === undefined;
  if (isFirst) draft.setField("mesh", "server", "first_user", input.user);
  draft.setField(doc, "account", "created", { time: millisecondsOf(env.time) });
  draft.setField(doc, "account", "password_hash", input.passwordHash);
  if (input.admin === true || (input.admin === "first" && isFirst)) {
    draft.setField(doc, "account", "admin", true);
  }
  if (input.registrationToken !== undefined) {
    useRegistrationToken(draft, input.registrationToken, env);
  }
}

/**
 * Claims the name among the boxes and makes the account. Throws M_USER_IN_USE, or 503 when too few
 * boxes can be asked; `force` is the owner's word that no other box has given the name away.
 *
 * The claim's value comes from the name and the password: repeating a registration that broke off
 * between the claim and the account finishes it, on any box, while anyone else finds the name taken.
 */
export async function makeAccount(
  deps: Pick<Services, "claims" | "random" | "reader" | "runner" | "tokenKeys">,
  input: Omit<NewAccount, "passwordHash"> & { readonly password: string; readonly force?: boolean },
): Promise<void> {
  const { password, force, ...account } = input;
  checkNewPassword(password);
  if (accountExists(deps.reader, account.user)) throw userInUse();
  const pepper = deps.tokenKeys[0]?.key ?? new Uint8Array();
  const [passwordHash, claimValue] = await Promise.all([
    hashPassword(deps.random, password),
    force === true ? undefined : nameClaimValue(pepper, account.user, password),
  ]);
  if (claimValue !== undefined) {
    const outcome = await deps.claims.claim("user", account.user, claimValue);
    if (outcome === "taken") throw userInUse();
  }
  await deps.runner.run(createAccount, { ...account, passwordHash });
}

/** Throws M_INVALID_PARAM for a password that cannot be kept. */
export function checkNewPassword(password: string): void {
  if (password.length === 0) throw invalidParam("the password is empty");
  if (password.length > PASSWORD_CHARACTERS_MAX) throw invalidParam("the password is too long");
}
