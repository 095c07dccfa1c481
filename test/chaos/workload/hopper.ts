import { pause } from "../../e2e/support/box-process.ts";
import { call } from "../../e2e/support/client.ts";
import type { HttpReply, TestUser } from "../../e2e/support/client.ts";
import type { Prng } from "../../simulation/prng.ts";
import type { Machine } from "../machine.ts";
import type { Recorder } from "./recorder.ts";

const CLIENT = "/_matrix/client/v3";
/** How long a client waits for one box before it tries the next, milliseconds. */
const PATIENCE_MS = 3000;
/** A person who waits longer than this was not served, milliseconds. */
const SERVED_WITHIN_MS = 10_000;
/** Then a client stops trying; what it wrote may be there or not. Milliseconds. */
const GIVE_UP_AFTER_MS = 30_000;
const RETRY_PAUSE_MS = 100;
/** How often a client changes to another box though nothing is wrong. */
const HOP_CHANCE = 0.3;
/** How often a person does not try again what failed once. */
const IMPATIENT_CHANCE = 0.1;

/** A session whose requests go to any box, and to another one when the answer does not come. */
export class Hopper {
  readonly user: TestUser;
  readonly #machines: readonly Machine[];
  readonly #prng: Prng;
  readonly #recorder: Recorder;
  #at: number;

  constructor(user: TestUser, machines: readonly Machine[], prng: Prng, recorder: Recorder) {
    this.user = user;
    this.#machines = machines;
    this.#prng = prng;
    this.#recorder = recorder;
    this.#at = prng.whole(0, machines.length - 1);
  }

  /** The next box to ask; undefined when all of them are to be left alone. */
  choose(): Machine | undefined {
    if (this.#prng.chance(HOP_CHANCE)) this.#at = this.#prng.whole(0, this.#machines.length - 1);
    for (let i = 0; i < this.#machines.length; i++) {
      const machine = this.#machines[(this.#at + i) % this.#machines.length];
      if (machine && !machine.isAvoided) return machine;
    }
    return undefined;
  }

  /** One request to one box; undefined when no answer came. */
  async ask(
    machine: Machine,
    method: string,
    path: string,
    options: { readonly body?: unknown; readonly waitMs?: number } = {},
  ): Promise<HttpReply | undefined> {
    if (method !== "GET") machine.writes++;
    try {
      const url = `${machine.box.url}${CLIENT}${path}`;
      const waitMs = options.waitMs ?? PATIENCE_MS;
      const reply = await call(method, url, { token: this.user.token, ...options, waitMs });
      this.#recorder.answer(machine, `${method} ${path}`, reply);
      return reply;
    } catch {
      return undefined;
    } finally {
      if (method !== "GET") machine.writes--;
    }
  }

  /**
   * The same request to one box after the other until one takes it, a refusal comes, or the person
   * has waited too long.
   */
  async persist(
    method: string,
    path: string,
    body: unknown,
    onTry: (machine: Machine) => void = () => undefined,
  ): Promise<HttpReply | undefined> {
    const begun = performance.now();
    const isImpatient = this.#prng.chance(IMPATIENT_CHANCE);
    let dark = this.#recorder.dark();
    let reply: HttpReply | undefined;
    for (;;) {
      const machine = this.choose();
      if (machine) {
        onTry(machine);
        reply = await this.ask(machine, method, path, { body });
      }
      dark = Math.max(dark, this.#recorder.dark());
      const took = performance.now() - begun;
      const isAnswered = reply !== undefined && reply.status < 500;
      // Who gave up after one try does not count: another box would have answered.
      if (!isAnswered && isImpatient) return undefined;
      if (isAnswered || took > GIVE_UP_AFTER_MS) {
        this.#recorder.requests.push({ isServed: isAnswered && took <= SERVED_WITHIN_MS, dark });
        return isAnswered ? reply : undefined;
      }
      this.#at++;
      await pause(RETRY_PAUSE_MS);
    }
  }
}
