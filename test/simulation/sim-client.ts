import { useAccessToken } from "../../core/account/refresh.ts";
import { MatrixError } from "../../core/errors.ts";
import type { DeviceId, UserId } from "../../core/ids.ts";
import type { Requester, Services } from "../../core/services.ts";
import type { Prng } from "./prng.ts";
import type { SimBox } from "./sim-box.ts";
import type { World } from "./world.ts";

/** A client gives up waiting for a response after this long, milliseconds. */
const PATIENCE_MS = 8000;
/** Tries of one request, on whatever boxes, before the client leaves it at that. */
const TRIES_MAX = 8;
const RETRY_MS: readonly [min: number, max: number] = [50, 1200];

export type Outcome<R> =
  | { readonly kind: "ok"; readonly value: R; readonly box: SimBox }
  | { readonly kind: "refused"; readonly error: MatrixError }
  /** No response: it may or may not have been done. */
  | { readonly kind: "unknown" };

export type Request<R> = (services: Services, requester: Requester) => Promise<R>;

/** A device that sends its requests to whichever box answers, and repeats those that were lost. */
export class SimClient {
  readonly user: UserId;
  readonly device: DeviceId;
  token: string;
  readonly name: string;
  readonly prng: Prng;
  /** Set once the session was ended on purpose: from then on a 401 is right. */
  loggedOut = false;
  /** Boxes that the client's own network reaches; all, unless the world is cut in two. */
  reaches: readonly SimBox[] | undefined;
  /** Tries of each request at least. */
  triesMin = 1;
  protected readonly world: World;
  #box: SimBox | undefined;

  constructor(world: World, session: { user: UserId; device: DeviceId; token: string }) {
    this.world = world;
    this.user = session.user;
    this.device = session.device;
    this.token = session.token;
    this.name = `${session.user}|${session.device}`;
    this.prng = world.prng.fork(`client ${this.name}`);
  }

  /** Sends a request until it is answered. */
  async call<R>(what: string, request: Request<R>, tries = TRIES_MAX): Promise<Outcome<R>> {
    const outcome = await this.#callOn(what, request, Math.max(tries, this.triesMin));
    const { calls } = this.world;
    const name = `${what.split(" ", 1)[0]} ${outcome.kind}`;
    calls[name] = (calls[name] ?? 0) + 1;
    return outcome;
  }

  protected identify(services: Services): Promise<Requester> {
    return useAccessToken(services, this.token);
  }

  async #callOn<R>(what: string, request: Request<R>, tries: number): Promise<Outcome<R>> {
    for (let i = 0; i < tries; i++) {
      const outcome = await this.once(what, request);
      const { requests } = this.world;
      requests[outcome.kind] = (requests[outcome.kind] ?? 0) + 1;
      if (outcome.kind !== "unknown") return outcome;
      this.#box = undefined;
      await this.world.clock.sleep(this.prng.between(...RETRY_MS));
    }
    return { kind: "unknown" };
  }

  /** One try on one box. */
  async once<R>(what: string, request: Request<R>, at = this.#choose()): Promise<Outcome<R>> {
    const services = at?.services;
    if (!at || !services) return { kind: "unknown" };
    this.world.operations++;
    const outcome = await this.#answered(at, this.#run(at, services, what, request));
    if (outcome.kind === "ok" && this.#losesResponse()) return { kind: "unknown" };
    this.world.note(`${this.name} ${what} at ${at.id}: ${outcome.kind}`);
    return outcome;
  }

  async #run<R>(
    box: SimBox,
    services: Services,
    what: string,
    request: Request<R>,
  ): Promise<Outcome<R>> {
    try {
      const requester = await this.identify(services);
      return { kind: "ok", value: await request(services, requester), box };
    } catch (error) {
      if (box.services !== services) return { kind: "unknown" };
      if (!(error instanceof MatrixError)) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.world.violate("errors", `${this.name} ${what} at ${box.id}: ${text}`);
        return { kind: "unknown" };
      }
      // A client that can refresh its token does so, and loses nothing.
      const isEnd = error.status === 401 && error.extra["soft_logout"] !== true;
      if (isEnd && !this.loggedOut) {
        this.world.violate("tokens", `${this.name} ${what} at ${box.id}: ${error.message}`);
      }
      this.world.note(`${this.name} ${what} at ${box.id}: ${error.status} ${error.message}`);
      return error.status >= 500 ? { kind: "unknown" } : { kind: "refused", error };
    }
  }

  /** The outcome, unless the box dies or the client loses its patience first. */
  #answered<R>(box: SimBox, running: Promise<Outcome<R>>): Promise<Outcome<R>> {
    return new Promise((resolve) => {
      const giveUp = (): void => {
        timer.cancel();
        box.onDeath.delete(giveUp);
        resolve({ kind: "unknown" });
      };
      const timer = this.world.clock.after(PATIENCE_MS, giveUp);
      box.onDeath.add(giveUp);
      void running.then((outcome) => {
        timer.cancel();
        box.onDeath.delete(giveUp);
        resolve(outcome);
      });
    });
  }

  #losesResponse(): boolean {
    return !this.world.healing && this.prng.chance(this.world.options.responsesLost);
  }

  #choose(): SimBox | undefined {
    const { boxes, options } = this.world;
    const stay = this.#box?.services && !this.prng.chance(options.hops);
    if (!stay) this.#box = this.prng.pick(this.reaches ?? boxes);
    return this.#box;
  }
}
