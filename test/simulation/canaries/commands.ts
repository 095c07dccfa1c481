import { noteRound } from "../../../core/account/refresh.ts";
import { takeOwnKeys } from "../../../core/key/claim-keys.ts";
import { endSessions } from "../../../core/device/remove-devices.ts";
import { ban } from "../../../core/rooms/commands/change-membership.ts";
import { redact } from "../../../core/rooms/commands/redact-event.ts";
import { send } from "../../../core/rooms/commands/send-message.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import { BUSY, replacing } from "./canary.ts";
import type { NamedCanary } from "./canary.ts";
export const COMMANDS: readonly NamedCanary[] = [
  {
    name: "a one-time key that stays after it was given",
    rule: "keys",
    options: { ...BUSY, requestEveryMs: 100 },
    sabotage: replacing(takeOwnKeys, (draft, input, env) => {
      const forgetful = { get: draft.get.bind(draft), takeOneTimeKey: () => undefined };
      return takeOwnKeys(forgetful as unknown as Draft, input, env);
    }),
  },
  {
    name: "names without a majority",
    rule: "names",
    options: { ...BUSY, requestEveryMs: 100 },
    sabotage: (services) => ({
      ...services,
      claims: {
        claim: () => Promise.resolve("granted" as const),
        release: (...args) => services.claims.release(...args),
      },
    }),
  },
  {
    name: "a log-out that ends nothing",
    rule: "tokens",
    sabotage: replacing(endSessions, () => undefined),
  },
  {
    name: "a box that takes good tokens for bad ones",
    rule: "tokens",
    sabotage: (services) =>
      services.boxes.self.startsWith("b") ? { ...services, tokenKeys: [] } : services,
  },
  {
    name: "refresh tokens that stay good when they were replaced",
    rule: "tokens",
    sabotage: replacing(noteRound, () => undefined),
  },
  {
    name: "refresh tokens that end before they were replaced",
    rule: "tokens",
    sabotage: replacing(noteRound, (draft, { session, round }) => {
      draft.raiseRound(session, round + 1);
    }),
  },
  {
    name: "a ban that is acknowledged and not made",
    rule: "bans",
    sabotage: replacing(ban, () => "$nothing" as ReturnType<typeof ban>),
  },
  {
    name: "a redaction that is acknowledged and not made",
    rule: "bans",
    sabotage: replacing(redact, () => "$nothing" as ReturnType<typeof redact>),
  },
  {
    name: "a message that is acknowledged and not made",
    rule: "messages",
    sabotage: replacing(send, () => "$nothing" as ReturnType<typeof send>),
  },
  {
    name: "a retry that makes a second event",
    rule: "messages",
    sabotage: replacing(send, (draft, input, env) =>
      send(draft, { ...input, txnId: `${input.txnId} at ${env.time}` }, env),
    ),
  },
  {
    name: "an endpoint that breaks",
    rule: "errors",
    sabotage: replacing(send, () => {
      throw new TypeError("undefined is not a function");
    }),
  },
];
