import type { Connection, Stream } from "@libp2p/interface";
import type { Logger, Timers } from "../../core/ports.ts";
import { JOINER_STAY_MS, JOINERS_MAX } from "./constants.ts";
import { serveJoin, type JoinHandler } from "./join-protocol.ts";
import type { Unsubscribe } from "./transport.ts";

interface JoinersDeps {
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Connections of peers that are no members yet, or do not know that they are, their answer lost: few, for a short
 * time, only while one is expected.
 */
export class Joiners {
  private readonly deps: JoinersDeps;
  private readonly connections = new Map<Connection, { cancel(): void }>();
  private allowed = false;
  private handler: JoinHandler | undefined;

  constructor(deps: JoinersDeps) {
    this.deps = deps;
  }

  onRequest(handler: JoinHandler): Unsubscribe {
    this.handler = handler;
    return () => {
      if (this.handler === handler) this.handler = undefined;
    };
  }

  /** Answers a join stream; only a joiner has something to ask there. */
  serve(stream: Stream, connection: Connection): Promise<void> | void {
    if (!this.has(connection)) return stream.abort(new Error("No joiner is expected"));
    return serveJoin(stream, connection.remotePeer.toString(), this.handler, this.deps);
  }

  allow(on: boolean): void {
    this.allowed = on;
    if (!on) this.closeAll();
  }

  admits(): boolean {
    return this.allowed && this.connections.size < JOINERS_MAX;
  }

  /** Takes a connection in, or cuts it when it is one too many. */
  add(connection: Connection): void {
    if (!this.take(connection)) connection.abort(new Error("No joiner is expected"));
  }

  /** The same for a connection that has other uses: false when it is not taken in. */
  take(connection: Connection): boolean {
    if (this.has(connection)) return true;
    if (!this.admits()) return false;
    const timer = this.deps.timers.after(JOINER_STAY_MS, () =>
      connection.abort(new Error("A joiner may only stay for a short time")),
    );
    this.connections.set(connection, timer);
    return true;
  }

  has(connection: Connection): boolean {
    return this.connections.has(connection);
  }

  remove(connection: Connection): void {
    this.connections.get(connection)?.cancel();
    this.connections.delete(connection);
  }

  closeAll(): void {
    for (const connection of this.connections.keys()) {
      connection.abort(new Error("Joining is closed"));
      this.remove(connection);
    }
  }
}
