import type { SigningKey } from "../core/event/sign.ts";
import type { BoxId, ServerName } from "../core/ids.ts";
import type { Logger, Random, Timers } from "../core/ports.ts";
import type { RoomDocumentLimits } from "../core/room-document/constants.ts";
import type { ApplyContext } from "../core/transaction/apply.ts";
import { includes } from "../core/vector.ts";
import type { Dot, Origin, Vector } from "../core/vector.ts";
import { CasPaxos } from "./claims/cas-paxos.ts";
import { holderOf } from "./claims/holder.ts";
import type { HybridClock } from "./clock/hybrid-clock.ts";
import { actorOf } from "./documents/automerge-doc.ts";
import { DocumentStore } from "./documents/documents.ts";
import { GossipedFacts } from "./ephemeral/gossiped-facts.ts";
import { DiskWatch } from "./janitor/disk-watch.ts";
import { ToDevicePruner } from "./janitor/to-device-pruner.ts";
import { adoptRecords } from "./journal/adopt-records.ts";
import { Ledger } from "./journal/ledger.ts";
import { takePause } from "./journal/life-pace.ts";
import type { Pause } from "./journal/life-pace.ts";
import { Farewell } from "./membership/farewell.ts";
import { Membership } from "./membership/membership.ts";
import type { BoxRecord } from "./membership/membership.ts";
import { Acknowledgements } from "./replica/acknowledgements.ts";
import type { AckPolicy } from "./replica/acknowledgements.ts";
import { chooseLife } from "./replica/choose-life.ts";
import type { ChosenLife } from "./replica/choose-life.ts";
import type { Greetings } from "./replica/greetings.ts";
import { Introduction } from "./replica/introduction.ts";
import { Replicator } from "./replica/replicator.ts";
import { TailCloser } from "./replica/tail-closer.ts";
import { JOURNAL_LIMITS, Truncator } from "./replica/truncator.ts";
import type { JournalLimits } from "./replica/truncator.ts";
import { MeshRunner } from "./runner/runner.ts";
import { TopicNotifier } from "./runner/topic-notifier.ts";
import { takeLeftEntries } from "./snapshot/left-entries.ts";
import { Renewal } from "./snapshot/renewal.ts";
import { SnapshotServer } from "./snapshot/snapshot-server.ts";
import type { SpareStore } from "./snapshot/spare-store.ts";
import { StateStore } from "./store/overlay.ts";
import type { Store } from "./store/store.ts";
import type { Transport } from "./transport/transport.ts";

export interface MeshNodeDeps {
  readonly store: Store;
  readonly spare: SpareStore;
  readonly transport: Transport;
  readonly timers: Timers;
  readonly random: Random;
  /** Wall clock, milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly serverName: ServerName;
  readonly signingKey: SigningKey;
  readonly logger: Logger;
  /** How far ahead of our clock another box's may be, milliseconds. */
  readonly driftMsMax?: number;
  /** Members as known before the mesh document is read. */
  readonly remembered?: readonly BoxRecord[];
  readonly ack: { readonly policy: AckPolicy; readonly waitMs: number };
  /** When documents of rooms are begun anew and split, where a test wants it sooner. */
  readonly roomLimits?: RoomDocumentLimits | undefined;
  readonly journalLimits?: JournalLimits;
  /** What this version of the software knows, where a test has another one. */
  readonly isKnown?: ApplyContext["isKnown"];
  /** Is there a damaged store whose journal is about to be taken over into this one? */
  readonly hasRemains?: boolean;
}

const STOPPING = "This box is stopping; try another one.";
const LOST = "This box has nothing on its disk and waits for another box; try that one.";
const PAUSED = "This box waits before it goes on, since it ended too often; try another one.";
const RENEWING = "This box copies everything from another box; try that one.";

/** The replicated store of one box: everything of `mesh/` put together over a store and a network. */
export class MeshNode {
  readonly state: StateStore;
  readonly documents: DocumentStore;
  readonly clock: HybridClock;
  readonly ledger: Ledger;
  readonly replicator: Replicator;
  readonly runner: MeshRunner;
  /** Writes down what was done also while a copy is made: that is carried over, and not done again. */
  readonly settling: MeshRunner;
  readonly notifier: TopicNotifier;
  readonly ephemeral: GossipedFacts;
  readonly claims: CasPaxos;
  readonly membership: Membership;
  readonly pruner: ToDevicePruner;
  readonly disk: DiskWatch;
  readonly truncator: Truncator;
  readonly renewal: Renewal;
  /**
   * It has nothing on its disk, and has met nobody who has anything: it does not know what time it is, nor
   * what lives it had. It begins none, and takes no part but in meeting somebody: docs/decisions/0025.
   */
  readonly isLost: boolean;
  /** It has had so many lives of which nobody knows the end that the next one has to wait. */
  readonly pause: Pause | undefined;
  readonly #deps: MeshNodeDeps;
  readonly #greetings: Greetings | undefined;
  readonly #farewell: Farewell;
  readonly #tails: TailCloser;
  readonly #introduction: Introduction;
  readonly #snapshots: SnapshotServer;
  readonly #outgrown: ((why: string) => void)[] = [];
  #pauseTimer: { cancel(): void } | undefined;
  #isStopping = false;
  #isWhole = true;

  /** Meets the others, if there are any, and chooses the life that `start` begins. */
  static async open(deps: MeshNodeDeps): Promise<MeshNode> {
    const chosen = await chooseLife(deps);
    const { life, clock } = chosen;
    const state = new StateStore(deps.store);
    const documents = new DocumentStore(state, actorOf(life), undefined, deps.roomLimits);
    const box = deps.transport.self;
    const ledger = await Ledger.open({ ...deps, state, documents, clock, box, life });
    return new MeshNode(deps, { ...chosen, state, documents, ledger });
  }

  private constructor(
    deps: MeshNodeDeps,
    parts: Pick<MeshNode, "state" | "documents" | "ledger"> & ChosenLife,
  ) {
    this.#deps = deps;
    this.#greetings = parts.greetings;
    this.isLost = parts.isLost;
    this.pause = parts.pause;
    const { transport, timers, logger } = deps;
    this.state = parts.state;
    this.documents = parts.documents;
    this.clock = parts.clock;
    this.ledger = parts.ledger;
    this.notifier = new TopicNotifier(timers);
    const touch = this.notifier.touch.bind(this.notifier);
    const acknowledgements = new Acknowledgements(timers, deps.ack.policy, deps.ack.waitMs);
    const { ledger, clock, state } = this;
    this.membership = new Membership({ remembered: [], ...deps, reader: state, ledger });
    this.#farewell = new Farewell(transport, timers);
    this.disk = new DiskWatch(state, timers, logger);
    const heard = (box: BoxId, vector: Vector): void => this.#hear(box, vector);
    this.replicator = new Replicator({ ...deps, ledger, clock, acknowledgements, heard });
    const acknowledged = (dot: Dot): Promise<void> => this.replicator.acknowledged(dot);
    this.runner = new MeshRunner({ ledger, acknowledged, refusal: () => this.writeRefusal });
    this.settling = new MeshRunner({ ledger, acknowledged, refusal: () => this.#absence });
    const members = (): BoxId[] => this.memberIds();
    this.#introduction = new Introduction({ ledger, self: transport.self, members, timers });
    const isWhole = (): boolean => this.#isWhole && this.renewal.report() === undefined;
    const keeping = { ledger, timers, logger, members, isWhole };
    this.pruner = new ToDevicePruner({ ...keeping, state, now: () => clock.now() });
    this.#tails = new TailCloser({ ...keeping, runner: this.runner });
    const limits = deps.journalLimits ?? JOURNAL_LIMITS;
    const { store } = deps;
    this.truncator = new Truncator({ ...keeping, state, store, self: transport.self, limits });
    this.renewal = new Renewal({ ...deps, ledger, replicator: this.replicator });
    const refusal = (to: BoxId): string | undefined => this.renewal.copyRefusal(to);
    this.#snapshots = new SnapshotServer({ ...deps, life: ledger.life, refusal });
    this.ephemeral = new GossipedFacts({ transport, timers, touch });
    this.claims = new CasPaxos({
      ...deps,
      state,
      members,
      held: (kind, name) => holderOf(state, kind, name),
    });
    ledger.onFlushed((entries) => {
      for (const { topics } of entries) touch(topics);
    });
    this.membership.onChange((members) => {
      this.#farewell.setMembers(this.isRemoved || this.pause ? [] : members);
    });
  }

  /** Begins a new life, then meets the other boxes. Afterwards commands run, unless it is idle. */
  async start(): Promise<void> {
    const { store, logger, transport } = this.#deps;
    if (this.isLost) {
      logger.warn({}, "there is nothing on the disk; waiting for a box that has the data");
      return this.#greetings?.onceMet(() => this.#outgrow("beside a box that has the data"));
    }
    if (this.pause) return this.#rest(this.pause);
    this.renewal.onReady(() => this.#outgrow("on a copy of another box's store"));
    // Before anything that may rest on it: a copy may come from a box of an earlier version.
    await adoptRecords({ ...this.#deps, state: this.state, ledger: this.ledger });
    const left = await takeLeftEntries({
      store,
      state: this.state,
      take: (texts) => this.replicator.take(texts),
      has: (dot) => this.ledger.has(dot),
    });
    if (left > 0) logger.info({ entries: left }, "applied what came while the store was copied");
    await this.membership.load();
    await this.ledger.beginLife();
    this.replicator.start(this.#greetings?.handOver());
    this.#tails.start();
    this.pruner.sweeper.start();
    await this.truncator.start();
    this.renewal.start();
    if (!this.#greetings) await transport.start();
  }

  /** Linked with nobody, who would wait for it: then it starts again. */
  async #rest(pause: Pause): Promise<void> {
    await this.membership.load();
    if (!this.#greetings) await this.#deps.transport.start();
    const over = (): void => this.#outgrow("after the pause");
    this.#pauseTimer = takePause({ ...this.#deps, state: this.state }, pause, over);
  }

  /** Waits for what is committed to be on disk; the store stays open. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#pauseTimer?.cancel();
    this.membership.stop();
    this.replicator.stop();
    this.#tails.stop();
    this.#farewell.stop();
    this.#snapshots.stop();
    this.ephemeral.stop();
    await this.#deps.transport.stop();
    this.disk.stop();
    await this.renewal.stop();
    await this.truncator.stop();
    await this.pruner.stop();
    await this.state.close();
    this.documents.close();
  }

  /** Was this box removed from the mesh? It has nobody to replicate with any more. */
  get isRemoved(): boolean {
    return this.membership.isRemoved(this.#deps.transport.self);
  }

  /** It has begun no life, and takes no part in the mesh before it starts again. */
  get isIdle(): boolean {
    return this.isLost || this.pause !== undefined;
  }

  /** Told, with the rest of "starting again …", when this node has to be stopped, `renewal.finish()`ed and opened anew. */
  onOutgrown(listener: (why: string) => void): void {
    this.#outgrown.push(listener);
  }

  #outgrow(why: string): void {
    for (const listener of this.#outgrown) listener(why);
  }

  /** Why no command runs, for people. */
  get writeRefusal(): string | undefined {
    return this.#absence ?? this.renewalRefusal;
  }

  get #absence(): string | undefined {
    if (this.#isStopping) return STOPPING;
    if (this.isLost) return LOST;
    return this.pause && PAUSED;
  }

  /** Why the box answers no clients while it copies another one's store, or pauses, for people. */
  get renewalRefusal(): string | undefined {
    if (this.pause) return PAUSED;
    return this.renewal.report() === undefined ? undefined : RENEWING;
  }

  /** A box that lacks some of what it once had drops no entries and closes none of its lives. */
  setWhole(isWhole: boolean): void {
    this.#isWhole = isWhole;
  }

  /** May it hand out what was given to it in that life? See `Boxes`. */
  mayHandOut(life: Origin | undefined): boolean {
    return this.#introduction.isOver && this.ledger.mayHandOut(life);
  }

  /** The mesh as this box knows it, itself included even before it is written down. */
  memberIds(): BoxId[] {
    const ids = new Set(this.membership.members().map(({ box }) => box));
    ids.add(this.#deps.transport.self);
    return [...ids].toSorted();
  }

  #hear(box: BoxId, vector: Vector): void {
    if (includes(vector, this.ledger.vector)) this.#farewell.knows(box);
    this.#introduction.heard(box, vector);
    this.#tails.heard(box, vector);
    this.truncator.heard(box, vector);
    this.pruner.sweeper.heard(box, vector);
  }
}
