import type { Connection, Stream } from "@libp2p/interface";
import type { BoxId } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import { LINK_OPEN_MS, PROTOCOL_LINK } from "./constants.ts";
import { Deadline } from "./deadline.ts";
import { MemberLink } from "./member-link.ts";
import {
  TransportError,
  type Channel,
  type LinkEvent,
  type Member,
  type PeerLink,
  type Unsubscribe,
} from "./transport.ts";

export interface LinkSetDeps {
  readonly self: BoxId;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly wallClock: () => number;
  /** A whole frame of a member, with its channel name. Must not throw or reject. */
  onFrame(from: BoxId, bytes: Uint8Array): void | Promise<void>;
  /** Cuts all connections of a peer. */
  disconnect(member: Member, reason: Error): void;
  /** Does it carry the request of a box that does not know yet that it was let in? */
  isJoining(connection: Connection): boolean;
  /** The other side knows no links: does it come to join? False when nobody is expected to. */
  takeAsJoiner(connection: Connection): boolean;
  /** A link came up, or an attempt at one ended: for the redialling. */
  onLinked(box: BoxId): void;
  onLost(box: BoxId): void;
}

interface Entry {
  readonly link: MemberLink;
  readonly member: Member;
  readonly connection: Connection;
  since: number;
}

/**
 * The links of this box. Invariants: (1) at most one link for each member; (2) the box with the lower
 * ID opens the stream, whoever dialled; (3) a member's connections live and die with its link, so that
 * no service is left with half of them; (4) one event for each change.
 */
export class LinkSet {
  private readonly deps: LinkSetDeps;
  private readonly entries = new Map<BoxId, Entry>();
  private readonly opening = new Set<BoxId>();
  /** Connections on which the other side should open a link soon. */
  private readonly expecting = new Map<Connection, { cancel(): void }>();
  private readonly listeners = new Set<(event: LinkEvent) => void>();

  constructor(deps: LinkSetDeps) {
    this.deps = deps;
  }

  list(): PeerLink[] {
    return [...this.entries.values()]
      .filter(({ link }) => link.isUp)
      .map(({ member, connection, since }) => ({
        box: member.box,
        address: connection.remoteAddr.toString(),
        since,
      }));
  }

  on(listener: (event: LinkEvent) => void): Unsubscribe {
    this.listeners.add(listener);
    for (const entry of this.entries.values()) {
      if (entry.link.isUp) this.tell(listener, "up", entry);
    }
    return () => this.listeners.delete(listener);
  }

  isUp(box: BoxId): boolean {
    return this.entries.get(box)?.link.isUp === true;
  }

  /** The connection that carries the link; throws `link_down` when there is none. */
  connection(box: BoxId): Connection {
    return this.upEntry(box).connection;
  }

  async send(box: BoxId, channel: Channel, frame: Uint8Array): Promise<void> {
    return this.upEntry(box).link.send(channel, frame);
  }

  heard(box: BoxId): void {
    this.entries.get(box)?.link.heard();
  }

  /** A connection with a member is there: makes a link of it, or waits for the other side to. */
  onConnection(connection: Connection, member: Member): void {
    const { box } = member;
    if (this.entries.has(box) || this.opening.has(box)) return;
    if (this.deps.self < box) {
      void this.open(connection, member);
      return;
    }
    const timer = this.deps.timers.after(LINK_OPEN_MS, () => {
      if (this.entries.has(box) || this.deps.isJoining(connection)) return;
      connection.abort(new TransportError("timeout", "The box opened no link"));
    });
    this.expecting.set(connection, timer);
  }

  /** The other side opened the link's stream. */
  accept(stream: Stream, connection: Connection, member: Member): void {
    const refused = new TransportError("protocol", "The box with the lower ID opens the link");
    if (member.box > this.deps.self) return stream.abort(refused);
    const existing = this.entries.get(member.box);
    // The other side lost the old link before we noticed: start clean, all its connections included.
    if (existing !== undefined) return this.close(member.box, "The box started a new link");
    this.adopt(stream, connection, member);
  }

  onConnectionClosed(connection: Connection, member: Member): void {
    this.expecting.get(connection)?.cancel();
    this.expecting.delete(connection);
    this.close(member.box, "A connection of the box closed");
  }

  close(box: BoxId, reason: string): void {
    this.entries.get(box)?.link.close(reason);
  }

  closeAll(reason: string): void {
    for (const box of this.entries.keys()) this.close(box, reason);
  }

  private async open(connection: Connection, member: Member): Promise<void> {
    const { box } = member;
    const deadline = new Deadline(this.deps.timers, LINK_OPEN_MS);
    this.opening.add(box);
    try {
      const stream = await connection.newStream(PROTOCOL_LINK, { signal: deadline.signal });
      this.opening.delete(box);
      this.adopt(stream, connection, member);
    } catch (error) {
      this.opening.delete(box);
      this.deps.logger.debug({ box, err: error }, "link stream failed");
      const knowsNoLinks = error instanceof Error && error.name === "UnsupportedProtocolError";
      if (knowsNoLinks && this.deps.takeAsJoiner(connection)) return;
      this.deps.disconnect(member, new TransportError("link_down", "No link stream", error));
      this.deps.onLost(box);
    } finally {
      deadline.cancel();
    }
  }

  private adopt(stream: Stream, connection: Connection, member: Member): void {
    const { box } = member;
    const link = new MemberLink(stream, this.deps.timers, {
      onUp: () => {
        entry.since = this.deps.wallClock();
        this.deps.onLinked(box);
        this.emit("up", entry);
      },
      onDown: (reason) => {
        this.entries.delete(box);
        this.deps.logger.info({ box, wasUp: entry.since > 0, reason: reason.message }, "link down");
        this.deps.disconnect(member, reason);
        this.deps.onLost(box);
        if (entry.since > 0) this.emit("down", entry);
      },
      onFrame: (bytes) => this.deps.onFrame(box, bytes),
    });
    const entry: Entry = { link, member, connection, since: 0 };
    this.entries.set(box, entry);
    link.start();
  }

  private emit(kind: LinkEvent["kind"], entry: Entry): void {
    // Who begins to listen meanwhile knows already.
    const told = [...this.listeners];
    for (const listener of told) this.tell(listener, kind, entry);
  }

  private tell(
    listener: (event: LinkEvent) => void,
    kind: LinkEvent["kind"],
    { member, connection }: Entry,
  ): void {
    try {
      listener({ kind, box: member.box, address: connection.remoteAddr.toString() });
    } catch (error) {
      this.deps.logger.error({ box: member.box, err: error }, "link listener failed");
    }
  }

  private upEntry(box: BoxId): Entry {
    const entry = this.entries.get(box);
    if (entry?.link.isUp !== true) throw new TransportError("link_down", "No link to this box");
    return entry;
  }
}
