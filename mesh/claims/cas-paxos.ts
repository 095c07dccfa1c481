import { unavailable } from "../../core/errors.ts";
import type { BoxId } from "../../core/ids.ts";
import type { ClaimKind, Claims, Logger, Random, Timers } from "../../core/ports.ts";
import { CLAIM_PREFIX } from "../store/mesh-keys.ts";
import type { StateStore } from "../store/overlay.ts";
import { TransportError } from "../transport/transport.ts";
import type { Transport } from "../transport/transport.ts";
import {
  answer,
  compareBallots,
  countsAll,
  latestValue,
  majorityOf,
  parseAnswer,
  parseQuestion,
  ROUND_LEAP_MAX,
} from "./register.ts";
import type { Acceptor, Answer, Ballot, Question } from "./register.ts";

const METHOD = "claim";
/** A box that has not answered by then counts as out of reach, milliseconds. */
const ANSWER_TIMEOUT_MS = 3000;
/** Rounds that a claim may lose against others before the client is told to try again. */
const ROUNDS_MAX = 8;
/** Longest wait before the next round, milliseconds; drawn at random so that rivals part. */
const BACKOFF_MS_MAX = 60;

export interface CasPaxosDeps {
  readonly state: StateStore;
  readonly transport: Transport;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Boxes whose majority decides, this one included. */
  readonly members: () => readonly BoxId[];
  /** Value under which the replicated state knows a name, if it does. */
  readonly held: (kind: ClaimKind, name: string) => string | undefined;
}

type Outcome =
  | { readonly kind: "decided"; readonly value: string | null }
  | { readonly kind: "outvoted"; readonly promised: Ballot }
  | { readonly kind: "no-majority"; readonly answered: number };

/** Gives each user name and alias one owner, also while boxes cannot see each other. */
export class CasPaxos implements Claims {
  readonly #deps: CasPaxosDeps;
  #round = 0;

  constructor(deps: CasPaxosDeps) {
    this.#deps = deps;
    deps.transport.onRequest(METHOD, async (_from, body) => {
      const question = parseQuestion(JSON.parse(Buffer.from(body).toString()));
      if (!question) throw new Error("not a question about a claim");
      return Buffer.from(JSON.stringify(await this.#answer(question)));
    });
  }

  async claim(kind: ClaimKind, name: string, value: string): Promise<"granted" | "taken"> {
    const decided = await this.#change(kind, name, (current) => current ?? value);
    return decided === value ? "granted" : "taken";
  }

  async release(kind: ClaimKind, name: string, value: string): Promise<void> {
    await this.#change(kind, name, (current) => (current === value ? null : current));
  }

  /** Reads the register, changes it, and resolves with what it holds then. */
  async #change(
    kind: ClaimKind,
    name: string,
    next: (current: string | null) => string | null,
  ): Promise<string | null> {
    const register = `${kind}\u001f${name}`;
    for (let attempt = 0; attempt < ROUNDS_MAX; attempt++) {
      const ballot: Ballot = [++this.#round, this.#deps.transport.self];
      const outcome = await this.#runRound(register, ballot, next);
      if (outcome.kind === "decided") return outcome.value;
      if (outcome.kind === "no-majority") throw this.#noMajority(outcome.answered);
      const [round] = outcome.promised;
      // A number from nowhere must not end the giving of all other names.
      if (round - this.#round <= ROUND_LEAP_MAX) this.#round = Math.max(this.#round, round);
      await this.#backOff();
    }
    throw unavailable("Others are claiming the same name just now; try again.");
  }

  async #runRound(
    register: string,
    ballot: Ballot,
    next: (current: string | null) => string | null,
  ): Promise<Outcome> {
    const voters = this.#deps.members();
    const asked = { register, ballot, voters };
    const prepared = await this.#ask({ phase: "prepare", ...asked }, voters);
    const failed = this.#failure(prepared, voters);
    if (failed) return failed;
    const value = next(latestValue(prepared));
    const accepted = await this.#ask({ phase: "accept", ...asked, value }, voters);
    return this.#failure(accepted, voters) ?? { kind: "decided", value };
  }

  #failure(answers: readonly Answer[], voters: readonly BoxId[]): Outcome | undefined {
    const needed = majorityOf(voters.length);
    if (answers.filter(({ ok }) => ok).length >= needed) return undefined;
    let promised: Ballot | undefined;
    for (const said of answers) {
      if (said.ok) continue;
      if (!promised || compareBallots(said.promised, promised) > 0) promised = said.promised;
    }
    if (promised) return { kind: "outvoted", promised };
    return { kind: "no-majority", answered: answers.length };
  }

  /** Asks every box, this one included; boxes that cannot be reached are left out. */
  async #ask(question: Question, voters: readonly BoxId[]): Promise<Answer[]> {
    const { self } = this.#deps.transport;
    const answers = await Promise.all(
      voters.map((box) => (box === self ? this.#askSelf(question) : this.#askBox(box, question))),
    );
    return answers.filter((said) => said !== undefined);
  }

  /** With a disk that refuses, this box has no vote; the others may do without it. */
  async #askSelf(question: Question): Promise<Answer | undefined> {
    try {
      return await this.#answer(question);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "this box cannot vote on a claim");
      return undefined;
    }
  }

  async #askBox(box: BoxId, question: Question): Promise<Answer | undefined> {
    try {
      const body = Buffer.from(JSON.stringify(question));
      const said = await this.#deps.transport.request(box, METHOD, body, {
        timeoutMs: ANSWER_TIMEOUT_MS,
      });
      return parseAnswer(JSON.parse(Buffer.from(said).toString()));
    } catch (error) {
      this.#deps.logger.debug({ box, err: error }, "a box did not answer a claim");
      return undefined;
    }
  }

  async #answer(question: Question): Promise<Answer> {
    const { state, held, members } = this.#deps;
    if (!countsAll(question, members())) {
      throw new TransportError("refused", "The box that asks does not know all boxes yet.");
    }
    const key = `${CLAIM_PREFIX}${question.register}`;
    const stage = state.begin();
    let said;
    try {
      const text = stage.rawGet(key);
      said = answer(text === undefined ? undefined : (JSON.parse(text) as Acceptor), question);
      if (said.keep) stage.raw(key, JSON.stringify(said.keep));
    } catch (error) {
      stage.abandon();
      throw error;
    }
    await state.commit(stage);
    if (!said.answer.ok || said.answer.accepted || question.phase === "accept") return said.answer;
    const [kind = "", name = ""] = question.register.split("\u001f");
    const known = held(kind as ClaimKind, name);
    return known === undefined ? said.answer : { ...said.answer, held: known };
  }

  #noMajority(answered: number): Error {
    const boxes = this.#deps.members().length;
    return unavailable(
      `A new name needs ${majorityOf(boxes)} of the ${boxes} boxes, so that nobody else can take it ` +
        `at the same time. Only ${answered} answered now. Everything else goes on working; ` +
        `try again when another box is back.`,
    );
  }

  #backOff(): Promise<void> {
    const [byte = 0] = this.#deps.random.bytes(1);
    return new Promise((resolve) => {
      this.#deps.timers.after(Math.ceil((byte / 255) * BACKOFF_MS_MAX), resolve);
    });
  }
}
