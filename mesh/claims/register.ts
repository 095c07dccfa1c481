import { isObject } from "../../core/json.ts";

/**
 * A single-value register over the boxes: CASPaxos (Rystsov, 2018, https://arxiv.org/abs/1802.07000).
 * Here are its rules, pure; `cas-paxos.ts` sends and stores.
 */

/** Rounds of one register: compared by number, then by box. */
export type Ballot = readonly [number: number, box: string];

/** What an acceptor keeps on disk for one register. `null` is a value that was given up. */
export interface Acceptor {
  readonly promised: Ballot;
  readonly accepted?: { readonly ballot: Ballot; readonly value: string | null };
}

interface Asked {
  readonly register: string;
  readonly ballot: Ballot;
  /** Boxes of which the asker wants a majority; earlier versions do not say. */
  readonly voters?: readonly string[];
}

export type Question =
  | (Asked & { readonly phase: "prepare" })
  | (Asked & { readonly phase: "accept"; readonly value: string | null });

export type Answer =
  | {
      readonly ok: true;
      readonly accepted?: Acceptor["accepted"];
      /** The replicated state holds this name, though this register has never heard of it. */
      readonly held?: string;
    }
  | { readonly ok: false; readonly promised: Ballot };

/**
 * How far one ballot may be beyond the last: a number from nowhere must not use up all that are left.
 * Boxes count on from round to round, and take years to get so far.
 */
export const ROUND_LEAP_MAX = 1_000_000_000;
/** Boxes that one question may count. More than a mesh has: boxes admitted at the same time are over its limit. */
const VOTERS_MAX = 32;
/** Characters of a register's name or value: an ID of 255 bytes and its kind fit. */
const TEXT_LENGTH_MAX = 600;

/** Before all that are ever asked with. */
const NO_BALLOT: Ballot = [0, ""];

export function compareBallots(a: Ballot, b: Ballot): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  return a[1] < b[1] ? -1 : Number(a[1] > b[1]);
}

/** The acceptor's rule: what it keeps from now on (to be on disk before the answer) and says. */
export function answer(
  acceptor: Acceptor | undefined,
  question: Question,
): { readonly keep: Acceptor | undefined; readonly answer: Answer } {
  const promised = acceptor?.promised;
  const known = promised ?? NO_BALLOT;
  if (question.ballot[0] - known[0] > ROUND_LEAP_MAX) {
    return { keep: undefined, answer: { ok: false, promised: known } };
  }
  const order = promised ? compareBallots(question.ballot, promised) : 1;
  if (promised && (question.phase === "prepare" ? order <= 0 : order < 0)) {
    return { keep: undefined, answer: { ok: false, promised } };
  }
  if (question.phase === "accept") {
    const accepted = { ballot: question.ballot, value: question.value };
    return { keep: { promised: question.ballot, accepted }, answer: { ok: true } };
  }
  const accepted = acceptor?.accepted;
  return {
    keep: { promised: question.ballot, ...(accepted ? { accepted } : {}) },
    answer: { ok: true, ...(accepted ? { accepted } : {}) },
  };
}

/** The value that a majority's answers tell: the one accepted in the highest ballot. */
export function latestValue(answers: readonly Answer[]): string | null {
  let latest: Acceptor["accepted"];
  for (const said of answers) {
    if (!said.ok || !said.accepted) continue;
    if (!latest || compareBallots(said.accepted.ballot, latest.ballot) > 0) latest = said.accepted;
  }
  if (latest) return latest.value;
  for (const said of answers) if (said.ok && said.held !== undefined) return said.held;
  return null;
}

export function majorityOf(boxes: number): number {
  return Math.floor(boxes / 2) + 1;
}

/**
 * Does the asker count all the members that the acceptor knows? A majority of fewer boxes than there are may
 * miss every box that voted before, so one that knows better does not vote.
 */
export function countsAll({ voters }: Question, members: readonly string[]): boolean {
  return voters === undefined || members.every((box) => voters.includes(box));
}

export function parseQuestion(value: unknown): Question | undefined {
  if (!isObject(value)) return undefined;
  const { phase, register, ballot, voters, value: proposed } = value;
  if (!isText(register) || !isBallot(ballot)) return undefined;
  if (voters !== undefined && !areVoters(voters)) return undefined;
  const asked = { register, ballot, ...(voters ? { voters } : {}) };
  if (phase === "prepare") return { phase, ...asked };
  if (phase !== "accept" || !(proposed === null || isText(proposed))) return undefined;
  return { phase, ...asked, value: proposed };
}

export function parseAnswer(value: unknown): Answer | undefined {
  if (!isObject(value)) return undefined;
  const { ok, promised, accepted, held } = value;
  if (ok === false) return isBallot(promised) ? { ok, promised } : undefined;
  if (ok !== true) return undefined;
  const kept = parseAccepted(accepted);
  return { ok, ...(kept ? { accepted: kept } : {}), ...(isText(held) ? { held } : {}) };
}

function parseAccepted(value: unknown): Acceptor["accepted"] {
  if (!isObject(value)) return undefined;
  const { ballot, value: text } = value;
  return isBallot(ballot) && (text === null || isText(text)) ? { ballot, value: text } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_LENGTH_MAX;
}

function areVoters(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= VOTERS_MAX && value.every(isText);
}

function isBallot(value: unknown): value is Ballot {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [number, box] = value as readonly unknown[];
  return Number.isSafeInteger(number) && typeof box === "string" && box.length <= 64;
}
