import type { BoxId } from "../../core/ids.ts";
import type { Logger, Random, Timers } from "../../core/ports.ts";
import { includes } from "../../core/vector.ts";
import type { Ledger } from "../journal/ledger.ts";
import { copySources } from "../replica/peer.ts";
import type { Peer } from "../replica/peer.ts";
import type { Replicator } from "../replica/replicator.ts";
import { formatOp } from "../store/format.ts";
import { STORE_ID_KEY } from "../store/mesh-keys.ts";
import type { Store } from "../store/store.ts";
import type { Transport } from "../transport/transport.ts";
import { TransportError } from "../transport/transport.ts";
import { carryOver, checkCopy } from "./carry-over.ts";
import { AGAIN_MS, LOOK_MS, NEED_MS, RESUME_MS, RESUMES_MAX } from "./constants.ts";
import type { SpareStore } from "./spare-store.ts";
import { StoreCopy } from "./store-copy.ts";

/** Why the box does not take writes: it lacks entries that no box in reach has any more. */
export interface RenewalReport {
  /** `sending`: first the others get what only this box has. `checking`: all is here. */
  readonly phase: "sending" | "copying" | "checking";
  readonly from?: BoxId;
  /** Share of the copy that is here, 0 to 1. */
  readonly done: number;
  /** Why the last copy failed, for people. */
  readonly problem?: string;
}

export interface RenewalDeps {
  readonly ledger: Pick<Ledger, "vector">;
  readonly replicator: Pick<Replicator, "peers">;
  readonly transport: Transport;
  readonly store: Store;
  readonly spare: SpareStore;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

/** No order of events in which boxes keep their disks leads there; only a person can choose a side. */
export const APART =
  "each side has dropped what the other one lacks; remove one of the boxes from the mesh";
const ROTTEN = "the disk of this box has rotted; copy another one";
/** Bytes of a store's name. */
const STORE_ID_BYTES = 12;

/**
 * Brings up a box that entries cannot bring up any more: it copies another box's store beside its own.
 * 1. What this box has goes out to the others first; the copy must contain all of it.
 * 2. Until the copy is whole, checked and on disk, the box lives on its own store, and takes no writes.
 * 3. `onReady` asks whoever runs the box to stop it, call `finish`, swap the stores and start it again.
 */
export class Renewal {
  readonly #deps: RenewalDeps;
  readonly #listeners: (() => void)[] = [];
  /** `timers.elapsed()` of the first of the last looks that all found it needed. */
  #neededSince: number | undefined;
  #copy: StoreCopy | undefined;
  #running: Promise<void> | undefined;
  #ready: Store | undefined;
  #problem: string | undefined;
  #timer: { cancel(): void } | undefined;
  #pause: { end(): void } | undefined;
  /** `timers.elapsed()` before which a box is not asked again whose copy failed. Another one is, at once. */
  readonly #notBefore = new Map<BoxId, number>();
  #isRotten = false;
  #stopped = false;

  constructor(deps: RenewalDeps) {
    this.#deps = deps;
  }

  start(): void {
    const look = (): void => {
      this.#timer = this.#deps.timers.after(LOOK_MS, look);
      this.#look();
    };
    look();
  }

  /** Gives up a copy that is under way; one that is whole is kept for `finish`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#pause?.end();
    await this.#running;
  }

  /** Told when a copy is whole. */
  onReady(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Something in the store here has rotted: what cannot be read of it need not be in a copy. */
  setRotten(): void {
    this.#isRotten = true;
  }

  /** Why a box should not copy this one: rot is not handed on where there is another box to copy. */
  copyRefusal(to: BoxId): string | undefined {
    const hasOthers = this.#deps.replicator.peers().some(({ box }) => box !== to);
    return this.#isRotten && hasOthers ? ROTTEN : undefined;
  }

  /**
   * Copies a box though entries could bring this one up, since the store here is rotten. The box must
   * have everything that is here. Resolves when a copy is whole, or with why there is none, for people.
   */
  async replaceRotten(from: BoxId): Promise<string | undefined> {
    const { ledger, replicator } = this.#deps;
    if (this.#running || this.#ready || this.#stopped) return "a copy is being made";
    const peer = replicator.peers().find(({ box }) => box === from);
    if (!includes(peer?.vector ?? {}, ledger.vector)) return "the other box lacks something";
    await this.#begin(from);
    return this.#ready ? undefined : (this.#problem ?? "the copy failed");
  }

  /** What is going on, if the box needs a copy. */
  report(): RenewalReport | undefined {
    if (!this.#isNeeded() && !this.#running && !this.#ready) return undefined;
    if (this.#ready) return { phase: "checking", done: 1 };
    const isApart = this.#sources().every(({ isStranger }) => isStranger);
    const why = this.#copy || !isApart ? this.#problem : APART;
    const problem = why === undefined ? {} : { problem: why };
    if (!this.#copy) return { phase: "sending", done: 0, ...problem };
    const { from, head, bytes, isRead } = this.#copy;
    const done = isRead ? 1 : Math.min(1, bytes / Math.max(1, head?.sizeBytes ?? 1));
    return { phase: isRead ? "checking" : "copying", from, done, ...problem };
  }

  /** When the box has stopped, before its store is closed: true if the copy is to take its place. */
  async finish(): Promise<boolean> {
    const { store } = this.#deps;
    if (!this.#ready) return false;
    try {
      const isWhole = await carryOver(store, this.#ready, this.#isRotten);
      if (!isWhole) {
        this.#deps.logger.warn({}, "some promises about names were lost with the rotten store");
      }
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "the copy of another box's store cannot be used");
      await this.#throwAway(this.#ready);
      return false;
    }
    await this.#ready.close();
    return true;
  }

  #sources(): Peer[] {
    return copySources(this.#deps.replicator.peers(), this.#deps.ledger.vector);
  }

  #isNeeded(): boolean {
    const { timers } = this.#deps;
    return this.#neededSince !== undefined && timers.elapsed() - this.#neededSince >= NEED_MS;
  }

  #look(): void {
    const { timers, ledger } = this.#deps;
    if (this.#running || this.#ready) return;
    const sources = this.#sources();
    if (sources.length === 0) this.#neededSince = undefined;
    else this.#neededSince ??= timers.elapsed();
    if (!this.#isNeeded()) return;
    const good = sources.filter(({ vector }) => includes(vector ?? {}, ledger.vector));
    const notBefore = ({ box }: Peer): number => this.#notBefore.get(box) ?? 0;
    const [from] = good.toSorted((a, b) => notBefore(a) - notBefore(b));
    if (from !== undefined && timers.elapsed() >= notBefore(from)) void this.#begin(from.box);
  }

  #begin(from: BoxId): Promise<void> {
    const running = this.#run(from).finally(() => {
      this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #run(from: BoxId): Promise<void> {
    const { ledger, logger, timers } = this.#deps;
    logger.warn({ from }, "begins to copy everything from another box");
    const must = ledger.vector;
    const copy = this.#copyOf(from);
    this.#copy = copy;
    try {
      await this.#fetchAll(copy);
      if (!copy.target) throw new Error("a copy without a head does not end");
      await checkCopy(copy.target, must);
      this.#ready = copy.target;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#notBefore.set(from, timers.elapsed() + AGAIN_MS);
      if (!this.#stopped) logger.warn({ from, err: error }, "could not copy another box's store");
      await this.#throwAway(copy.target);
    } finally {
      this.#copy = undefined;
    }
    if (this.#ready && !this.#stopped) for (const listener of this.#listeners) listener();
  }

  #copyOf(from: BoxId): StoreCopy {
    const { transport, spare, random } = this.#deps;
    return new StoreCopy({
      from,
      transport,
      isStopped: () => this.#stopped,
      open: async ({ sizeBytes, format }) => {
        const target = await spare.begin(sizeBytes);
        const name = Buffer.from(random.bytes(STORE_ID_BYTES)).toString("base64url");
        await target.batch([{ type: "put", key: STORE_ID_KEY, value: name }, formatOp(format)]);
        return target;
      },
    });
  }

  /** Goes on after a cut for as long as that brings something. */
  async #fetchAll(copy: StoreCopy): Promise<void> {
    let vain = 0;
    for (;;) {
      const before = copy.bytes;
      try {
        await copy.fetch();
        return;
      } catch (error) {
        const isCut = error instanceof TransportError && error.code !== "refused";
        vain = copy.bytes > before ? 0 : vain + 1;
        if (!isCut || this.#stopped || vain > RESUMES_MAX) throw error;
        this.#deps.logger.debug({ from: copy.from, err: error }, "a copy was cut off");
      }
      await this.#wait(RESUME_MS);
    }
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.timers.after(milliseconds, resolve);
      this.#pause = {
        end: () => {
          timer.cancel();
          resolve();
        },
      };
    });
  }

  async #throwAway(target: Store | undefined): Promise<void> {
    const { spare, logger } = this.#deps;
    this.#ready = undefined;
    try {
      await target?.close();
      await spare.discard();
    } catch (error) {
      logger.warn({ err: error }, "what was copied so far was not deleted");
    }
  }
}
