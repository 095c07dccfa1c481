import type { Connection, Stream } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import type { BoxId } from "../../core/ids.ts";
import {
  FETCH_STREAMS_MAX,
  JOINERS_MAX,
  PROTOCOL_FETCH,
  PROTOCOL_JOIN,
  PROTOCOL_LINK,
  PROTOCOL_REQUEST,
  REQUEST_STREAMS_MAX,
} from "./constants.ts";
import { Fetches } from "./fetches.ts";
import { Frames } from "./frames.ts";
import type { JoinHandler } from "./join-protocol.ts";
import { Joiners } from "./joiners.ts";
import { MemberDialler } from "./libp2p-dialler.ts";
import { Gossip } from "./libp2p-gossip.ts";
import { createHost, type Host } from "./libp2p-host.ts";
import { LinkSet } from "./link-set.ts";
import { MemberList } from "./member-list.ts";
import { Redialer } from "./redialer.ts";
import type { MeshTransport, TransportOptions } from "./mesh-transport.ts";
import { Requests } from "./requests.ts";
import type { LinkEvent, Member, PeerLink, Unsubscribe } from "./transport.ts";
import type * as port from "./transport.ts";

export type { MeshTransport, TransportOptions } from "./mesh-transport.ts";

/** Builds the host; nothing listens or dials before `start`. Rejects on unusable keys or addresses. */
export async function createTransport(options: TransportOptions): Promise<MeshTransport> {
  const members = new MemberList(options.keys.box, options.logger, options.bootstrap);
  members.set(options.members);
  const joiners = new Joiners(options);
  const drill = { isolated: false };
  const host = await createHost(options, {
    isolated: () => drill.isolated,
    isMember: (peerId) => members.byPeer(peerId) !== undefined,
    admitsJoiner: () => joiners.admits(),
  });
  return new Libp2pTransport(options, host, members, joiners, drill);
}

class Libp2pTransport implements MeshTransport {
  readonly self: BoxId;
  private readonly options: TransportOptions;
  private readonly host: Host;
  private readonly members: MemberList;
  private readonly joiners: Joiners;
  private readonly drill: { isolated: boolean };
  private readonly frames: Frames;
  private readonly linkSet: LinkSet;
  private readonly requests: Requests;
  private readonly fetches: Fetches;
  private readonly gossip: Gossip;
  private readonly dialler: MemberDialler;
  private readonly redialer: Redialer;

  constructor(
    options: TransportOptions,
    host: Host,
    members: MemberList,
    joiners: Joiners,
    drill: { isolated: boolean },
  ) {
    const { timers, random, logger } = options;
    this.self = options.keys.box;
    this.options = options;
    this.host = host;
    this.members = members;
    this.joiners = joiners;
    this.drill = drill;
    this.frames = new Frames(logger);
    this.linkSet = this.createLinkSet();
    const exchange = {
      timers,
      logger,
      openStream: (box: BoxId, protocol: string, signal: AbortSignal) =>
        this.openStream(box, protocol, signal),
      heard: (box: BoxId) => this.linkSet.heard(box),
    };
    this.requests = new Requests(exchange);
    this.fetches = new Fetches(exchange);
    this.gossip = new Gossip(host.services.gossip, {
      random,
      logger,
      memberOf: (peerId) => members.byPeer(peerId)?.box,
    });
    this.dialler = new MemberDialler(host, members, this.linkSet, { timers, logger });
    this.redialer = new Redialer({
      timers,
      random,
      logger,
      dial: (box, attempt) => this.dialler.dial(box, attempt),
    });
  }

  get badFrames(): number {
    return this.frames.badFrames;
  }

  async start(): Promise<void> {
    await this.serveMembers(PROTOCOL_LINK, 1, (stream, connection, member) =>
      this.linkSet.accept(stream, connection, member),
    );
    await this.serveMembers(PROTOCOL_REQUEST, REQUEST_STREAMS_MAX, (stream, _, { box }) =>
      this.requests.serve(stream, box),
    );
    await this.serveMembers(PROTOCOL_FETCH, FETCH_STREAMS_MAX, (stream, _, { box }) =>
      this.fetches.serve(stream, box),
    );
    await this.host.handle(
      PROTOCOL_JOIN,
      (stream, connection) => {
        const member = this.members.byPeer(connection.remotePeer.toString());
        if (member && !this.linkSet.isUp(member.box)) this.joiners.take(connection);
        return this.joiners.serve(stream, connection);
      },
      { maxInboundStreams: JOINERS_MAX },
    );
    this.listen();
    await this.host.start();
    this.gossip.start();
    for (const { box } of this.members.all()) this.redialer.want(box);
    if (!this.drill.isolated) this.redialer.resume();
  }

  async stop(): Promise<void> {
    this.redialer.pause();
    this.joiners.closeAll();
    this.linkSet.closeAll("This box stops");
    this.dialler.settleAll();
    await this.host.stop();
  }

  links(): readonly PeerLink[] {
    return this.linkSet.list();
  }

  onLink(listener: (event: LinkEvent) => void): Unsubscribe {
    return this.linkSet.on(listener);
  }

  send(box: BoxId, channel: port.Channel, frame: Uint8Array): Promise<void> {
    return this.linkSet.send(box, channel, frame);
  }

  onFrame(channel: port.Channel, listener: port.FrameListener): Unsubscribe {
    return this.frames.on(channel, listener);
  }

  request(
    box: BoxId,
    method: string,
    body: Uint8Array,
    opts: port.TimeoutOptions,
  ): Promise<Uint8Array> {
    return this.requests.request(box, method, body, opts.timeoutMs);
  }

  onRequest(method: string, handler: port.RequestHandler): Unsubscribe {
    return this.requests.on(method, handler);
  }

  publish(topic: string, data: Uint8Array): void {
    this.gossip.publish(topic, data);
  }

  onPublish(topic: string, listener: port.PublishListener): Unsubscribe {
    return this.gossip.on(topic, listener);
  }

  fetchStream(
    box: BoxId,
    method: string,
    body: Uint8Array,
    opts: port.TimeoutOptions,
  ): AsyncIterable<Uint8Array> {
    return this.fetches.fetch(box, method, body, opts.timeoutMs);
  }

  onFetchStream(method: string, handler: port.FetchHandler): Unsubscribe {
    return this.fetches.on(method, handler);
  }

  addresses(): string[] {
    return this.host.getMultiaddrs().map(String);
  }

  setMembers(members: readonly Member[]): void {
    const { removed, improved } = this.members.set(members);
    for (const member of removed) {
      this.redialer.forget(member.box);
      this.linkSet.close(member.box, "The box was removed from the mesh");
      this.disconnect(member, new Error("No member any more"));
    }
    for (const { box } of improved) {
      this.redialer.want(box);
      this.redialer.kick(box);
    }
  }

  isolate(on: boolean): void {
    if (this.drill.isolated === on) return;
    this.drill.isolated = on;
    if (!on) return this.redialer.resume();
    this.redialer.pause();
    this.joiners.closeAll();
    this.linkSet.closeAll("Isolated by a drill");
    for (const connection of this.host.getConnections()) connection.abort(new Error("Isolated"));
  }

  allowJoiners(on: boolean): void {
    this.joiners.allow(on);
  }

  onJoinRequest(handler: JoinHandler): Unsubscribe {
    return this.joiners.onRequest(handler);
  }

  private createLinkSet(): LinkSet {
    return new LinkSet({
      self: this.self,
      timers: this.options.timers,
      logger: this.options.logger,
      wallClock: this.options.wallClock,
      onFrame: (from, bytes) => this.frames.deliver(from, bytes),
      disconnect: (member, reason) => this.disconnect(member, reason),
      isJoining: (connection) => this.joiners.has(connection),
      takeAsJoiner: (connection) => this.joiners.take(connection),
      onLinked: (box) => {
        this.redialer.linked(box);
        this.dialler.settle(box);
        // One link coming up often means that the network is back.
        this.redialer.kickAll();
      },
      onLost: (box) => {
        this.dialler.settle(box);
        this.redialer.lost(box);
      },
    });
  }

  private listen(): void {
    this.host.addEventListener("connection:open", ({ detail }) => this.onConnection(detail));
    this.host.addEventListener("connection:close", ({ detail }) => this.onClosed(detail));
    this.host.addEventListener("peer:identify", ({ detail }) => {
      const member = this.members.byPeer(detail.peerId.toString());
      if (member !== undefined) this.members.learn(member.box, detail.listenAddrs.map(String));
    });
    this.host.addEventListener("peer:discovery", ({ detail }) => {
      const member = this.members.byPeer(detail.id.toString());
      if (member === undefined) return;
      this.members.learn(member.box, detail.multiaddrs.map(String));
      this.redialer.kick(member.box);
    });
  }

  private onConnection(connection: Connection): void {
    if (this.drill.isolated) return connection.abort(new Error("Isolated"));
    const member = this.members.byPeer(connection.remotePeer.toString());
    if (member === undefined) this.joiners.add(connection);
    else this.linkSet.onConnection(connection, member);
  }

  private onClosed(connection: Connection): void {
    this.joiners.remove(connection);
    const member = this.members.byPeer(connection.remotePeer.toString());
    if (member === undefined) return;
    this.linkSet.onConnectionClosed(connection, member);
    this.dialler.settle(member.box);
  }

  private serveMembers(
    protocol: string,
    streamsMax: number,
    serve: (stream: Stream, connection: Connection, member: Member) => void | Promise<void>,
  ): Promise<void> {
    return this.host.handle(
      protocol,
      (stream, connection) => {
        const member = this.members.byPeer(connection.remotePeer.toString());
        if (member !== undefined) return serve(stream, connection, member);
        stream.abort(new Error("Members only"));
      },
      { maxInboundStreams: streamsMax, maxOutboundStreams: streamsMax },
    );
  }

  private async openStream(box: BoxId, protocol: string, signal: AbortSignal): Promise<Stream> {
    // The call rides along with the protocol's name: one round trip less.
    return this.linkSet.connection(box).newStream(protocol, { signal, negotiateFully: false });
  }

  private disconnect(member: Member, reason: Error): void {
    for (const connection of this.host.getConnections(peerIdFromString(member.peerId))) {
      connection.abort(reason);
    }
  }
}
