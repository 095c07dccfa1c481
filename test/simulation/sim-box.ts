import { announceSelf } from "../../bin/box/announce-self.ts";
import { createServices } from "../../bin/services.ts";
import { DelayedSending } from "../../core/delayed/delayed-sending.ts";
import { signingKey } from "../../core/event/sign.ts";
import type { BoxId, ServerName } from "../../core/ids.ts";
import type { RoomDocumentLimits } from "../../core/room-document/constants.ts";
import { TwinLane } from "../../core/rooms/twin-lane.ts";
import type { Logger } from "../../core/ports.ts";
import type { Services } from "../../core/services.ts";
import type { BlobCopier } from "../../mesh/media/blob-copier.ts";
import { copyBlobs, shareBlobs } from "../../mesh/media/blobs.ts";
import { putBox } from "../../mesh/membership/membership.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import { MeshNode } from "../../mesh/mesh-node.ts";
import { Outbox } from "../../mesh/outbox/outbox.ts";
import type { JournalLimits } from "../../mesh/replica/truncator.ts";
import type { SpareStore } from "../../mesh/snapshot/spare-store.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import type { AckPolicy } from "../../mesh/replica/acknowledgements.ts";
import type { EffectSink } from "./effect-sink.ts";
import { noting } from "./noting.ts";
import { loggerOf } from "./logging.ts";
import type { Acknowledged } from "./noting.ts";
import { Prng } from "./prng.ts";
import { BoxTimers } from "./sim-clock.ts";
import type { SimClock } from "./sim-clock.ts";
import { SimDisk } from "./sim-disk.ts";
import type { SimNetwork } from "./sim-network.ts";
import { SimTransport } from "./sim-transport.ts";
import { isKnownToOld, SETTINGS } from "./software.ts";
import { WallClock } from "./wall-clock.ts";

export const SERVER = "hearth.test" as ServerName;
const KEY = signingKey(SERVER, "ed25519:sim", new Uint8Array(32).fill(1));
/** A write waits for other boxes so long at most, milliseconds. */
export const ACK_WAIT_MS = 250;
/** A box whose start failed tries again after this long. */
const RESTART_MS = 2000;

export interface BoxSurroundings {
  readonly clock: SimClock;
  readonly network: SimNetwork;
  /** All that ever were. */
  readonly members: () => readonly BoxRecord[];
  /** Does this box make a mesh out of nothing, and take the others in? */
  readonly isFounder: (box: BoxId) => boolean;
  /** Makes that mesh; who belongs to it. */
  readonly found: () => readonly BoxRecord[];
  /** What the box acts upon outside of the mesh. */
  readonly sink: EffectSink;
  readonly ack: AckPolicy;
  readonly roomLimits: RoomDocumentLimits;
  readonly journal: JournalLimits | undefined;
  readonly note: (what: string) => void;
  readonly acknowledged: (write: Acknowledged) => void;
  readonly unexpected: (what: string) => void;
  /** Breaks what the box offers its clients, to prove that it would be noticed. */
  readonly sabotage: (services: Services) => Services;
}

/** What a box is like when it is first switched on. */
interface Newcomer extends Pick<SimBox, "isOld"> {
  readonly clockOffsetMs: number;
  /** Whom it was told to belong to the mesh. */
  readonly remembered: readonly BoxRecord[];
}

/** One life: what a process holds in memory. */
interface Life {
  readonly timers: BoxTimers;
  readonly transport: SimTransport;
  readonly node: MeshNode;
  readonly outbox: Outbox;
  readonly copier: BlobCopier;
  readonly services: Services;
}

/** A box: a disk, a clock that may be wrong, and one life after the other. */
export class SimBox {
  readonly id: BoxId;
  readonly disk: SimDisk;
  readonly clock: WallClock;
  /** Does it run the version before this one, which does nothing outside of the mesh? */
  isOld: boolean;
  /** Its owner took it home: it is never switched on again. */
  isGone = false;
  /** When its disk last went back or away, simulated milliseconds. */
  damagedMs = Number.NEGATIVE_INFINITY;
  /** Called when the process ends. */
  readonly onDeath = new Set<() => void>();
  readonly #around: BoxSurroundings;
  readonly #prng: Prng;
  #timers: BoxTimers | undefined;
  #transport: SimTransport | undefined;
  #life: Life | undefined;
  #lives = 0;
  /** Whom it knows to belong to the mesh: it keeps that beside its store. */
  #remembered: readonly BoxRecord[];
  /** It takes no writes any more, and is soon off. */
  isStopping = false;
  /** Other boxes that it knows to be removed. */
  readonly #removed = new Set<BoxId>();

  constructor(
    id: BoxId,
    seed: string,
    { clockOffsetMs, isOld, remembered }: Newcomer,
    around: BoxSurroundings,
  ) {
    this.id = id;
    this.#remembered = remembered;
    this.clock = new WallClock(around.clock, clockOffsetMs);
    this.isOld = isOld;
    this.#around = around;
    this.#prng = new Prng(`${seed}/box/${id}`);
    this.disk = new SimDisk(this.#prng.fork("disk"));
  }

  /** What the box offers its clients; absent while it is off or starting, has lost everything, or was removed. */
  get services(): Services | undefined {
    const { node, services } = this.#life ?? {};
    return node?.isIdle === false && !node.isRemoved ? services : undefined;
  }

  get node(): MeshNode | undefined {
    return this.#life?.node;
  }

  get isOff(): boolean {
    return this.#timers === undefined;
  }

  /** Does it know that a box was removed, or did it, before it lost its store? */
  knowsRemoved(box: BoxId): boolean {
    return this.node?.membership.isRemoved(box) === true || this.#removed.has(box);
  }

  /** Does it know another box, also while it is off? */
  knows(box: BoxId): boolean {
    return this.#remembered.some((member) => member.box === box);
  }

  /** The mesh was made anew. */
  belongTo(members: readonly BoxRecord[]): void {
    this.#removed.clear();
    this.#remembered = members;
  }

  readonly wallClock = (): number => this.clock.now();

  /** Resolves when the box serves; a start that fails is tried again for as long as the box is on. */
  async start(): Promise<void> {
    if (!this.isOff || this.isGone) return;
    const timers = new BoxTimers(this.#around.clock);
    this.#timers = timers;
    this.clock.noteStart();
    try {
      const life = await this.#begin(timers);
      if (timers.isDead) return;
      this.#life = life;
      const { isIdle, ledger } = life.node;
      this.#around.note(
        `${this.id} ${isIdle ? "has nothing to serve" : `serves as ${ledger.life}`}`,
      );
    } catch (error) {
      if (timers.isDead) return;
      this.#around.note(`${this.id} could not start: ${(error as Error).message}`);
      this.kill({ reset: true });
      this.#around.clock.after(RESTART_MS, () => void this.start());
    }
  }

  async #begin(timers: BoxTimers): Promise<Life> {
    const { network, found, ack, journal, roomLimits } = this.#around;
    const isFounder = this.#around.isFounder(this.id);
    if (isFounder) this.clock.check();
    const transport = new SimTransport(this.id, network, timers);
    this.#transport = transport;
    const prng = this.#prng.fork(`life ${++this.#lives}`);
    const random = { bytes: (length: number): Uint8Array => prng.bytes(length) };
    const logger = loggerOf(this.id, timers, this.#around);
    const base = { transport, timers, random, serverName: SERVER, signingKey: KEY, logger };
    const spare = this.disk.spare(timers);
    const node = await MeshNode.open({
      ...base,
      store: this.disk.open(timers),
      spare,
      ...(journal ? { journalLimits: journal } : {}),
      wallClock: this.wallClock,
      remembered: isFounder ? [] : this.#remembered.filter(({ box }) => !this.#removed.has(box)),
      ...(this.isOld ? { isKnown: isKnownToOld } : {}),
      ack: { policy: ack, waitMs: ACK_WAIT_MS },
      roomLimits,
    });
    // Who makes a mesh takes the others in one by one, and knows whom when it dies meanwhile.
    let isFounding = isFounder;
    node.membership.onChange((members) => {
      if (!timers.isDead && !isFounding) this.#remembered = members;
    });
    if (!node.isIdle) this.clock.checkLife(node.ledger.life);
    const blobs = shareBlobs(this.disk.blobs(timers), base);
    const services = createServices({
      ...base,
      node,
      blobs,
      settings: SETTINGS,
      tokenKeys: [{ kid: "sim", key: new Uint8Array(32).fill(2) }],
    });
    const runner = noting(node, this.id, timers, this.#around.acknowledged);
    const offered = this.#around.sabotage({ ...services, runner });
    const outbox = new Outbox({
      ...base,
      state: node.state,
      ledger: node.ledger,
      runner: node.settling,
      now: () => node.clock.now(),
      members: () => node.memberIds(),
      takesWrites: () => node.writeRefusal === undefined,
      isCaughtUp: () => node.replicator.isCaughtUp(),
      appointments: new DelayedSending(offered),
      lanes: this.isOld ? [] : [this.#around.sink.laneOf(this.id, timers), new TwinLane(offered)],
    });
    node.onOutgrown((why) => void this.#renew(timers, why, { node, outbox, spare }));
    await node.start();
    if (isFounder) for (const record of found()) await node.runner.run(putBox, record);
    isFounding = false;
    if (!node.isIdle && !node.isRemoved) this.#announce(services, node, transport, logger);
    outbox.start();
    const { ledger, state: reader } = node;
    const copier = copyBlobs({ ...base, blobs, ledger, reader });
    return { timers, transport, node, outbox, copier, services: offered };
  }

  /** Writes down that it belongs to the mesh, where nobody has. */
  #announce(
    services: Services,
    { membership }: MeshNode,
    { self }: Transport,
    logger: Logger,
  ): void {
    const keys = { peerId: `peer-${self}` };
    const config = { box: { name: self } };
    const transport = { self, addresses: () => [] };
    void announceSelf(services, { transport, config, keys, membership, logger }).catch(
      (error: unknown) => this.#around.note(`${self} did not announce itself: ${String(error)}`),
    );
  }

  /** The box has copied another one's store, or met others that know what it has lost. */
  async #renew(
    timers: BoxTimers,
    why: string,
    { node, outbox, spare }: Pick<Life, "node" | "outbox"> & { readonly spare: SpareStore },
  ): Promise<void> {
    this.#around.note(`${this.id} starts again ${why}`);
    await outbox.stop();
    await node.stop();
    const isCopied = await node.renewal.finish();
    if (timers.isDead) return;
    if (isCopied) await spare.swap();
    this.kill({ reset: true });
    void this.start();
  }

  /** The process ends at once. `reset`: its machine goes on and says so to the others. */
  kill(how: { readonly reset: boolean }): void {
    const { note, members } = this.#around;
    note(`${this.id} dies`);
    for (const { box } of members())
      if (this.node?.membership.isRemoved(box)) this.#removed.add(box);
    this.#timers?.kill();
    this.#transport?.kill(how.reset);
    this.#life?.node.documents.close();
    this.#timers = undefined;
    this.#transport = undefined;
    this.#life = undefined;
    this.isStopping = false;
    const told = [...this.onDeath];
    this.onDeath.clear();
    for (const listener of told) listener();
  }

  /** Stops as on SIGTERM. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    this.isStopping = true;
    await life.outbox.stop();
    await life.copier.stop();
    await life.node.stop();
    if (this.#life === life) this.kill({ reset: true });
  }

  pause(on: boolean): void {
    if (on) this.#timers?.pause();
    else this.#timers?.resume();
    this.#transport?.pause(on);
  }
}
