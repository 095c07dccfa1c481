import type { BoxId } from "../../core/ids.ts";
import type {
  Channel,
  FetchHandler,
  FrameListener,
  LinkEvent,
  PeerLink,
  PublishListener,
  RequestHandler,
  Transport,
  Unsubscribe,
} from "../../mesh/transport/transport.ts";
import { TransportError } from "../../mesh/transport/transport.ts";

/** When and whether a message arrives. The default hands it over in the next turn. */
export interface Weather {
  deliver(from: BoxId, to: BoxId, run: () => void): void;
}

const CLEAR: Weather = { deliver: (_from, _to, run) => void setImmediate(run) };

/** A network in memory with the same promises as the real one. Members are whoever joined it. */
export class MemoryNetwork {
  readonly #boxes = new Map<BoxId, MemoryTransport>();
  readonly #cut = new Set<string>();
  readonly weather: Weather;

  constructor(weather: Weather = CLEAR) {
    this.weather = weather;
  }

  join(box: BoxId): MemoryTransport {
    const transport = new MemoryTransport(box, this);
    this.#boxes.set(box, transport);
    return transport;
  }

  /** Links of a box that started or stopped. */
  update(): void {
    for (const a of this.#boxes.values()) {
      for (const b of this.#boxes.values()) {
        if (a !== b) a.setLink(b.self, this.#connected(a, b));
      }
    }
  }

  cut(a: BoxId, b: BoxId): void {
    this.#cut.add(pair(a, b));
    this.update();
  }

  heal(): void {
    this.#cut.clear();
    this.update();
  }

  at(box: BoxId): MemoryTransport | undefined {
    return this.#boxes.get(box);
  }

  reachable(from: BoxId): MemoryTransport[] {
    const self = this.#boxes.get(from);
    return [...this.#boxes.values()].filter((b) => self && b !== self && self.isLinked(b.self));
  }

  #connected(a: MemoryTransport, b: MemoryTransport): boolean {
    const up = a.isRunning && b.isRunning && !a.isIsolated && !b.isIsolated;
    return up && !this.#cut.has(pair(a.self, b.self));
  }
}

function pair(a: BoxId, b: BoxId): string {
  return [a, b].toSorted().join();
}

function linkEvent(kind: LinkEvent["kind"], box: BoxId): LinkEvent {
  return { kind, box, address: `/memory/${box}` };
}

export class MemoryTransport implements Transport {
  readonly self: BoxId;
  isRunning = false;
  isIsolated = false;
  readonly #network: MemoryNetwork;
  readonly #links = new Set<BoxId>();
  /** Links of which listeners have been told. */
  readonly #told = new Set<BoxId>();
  readonly #onLink = new Set<(event: LinkEvent) => void>();
  readonly #onFrame = new Map<Channel, FrameListener>();
  readonly #onRequest = new Map<string, RequestHandler>();
  readonly #onFetch = new Map<string, FetchHandler>();
  readonly #onPublish = new Map<string, Set<PublishListener>>();

  constructor(self: BoxId, network: MemoryNetwork) {
    this.self = self;
    this.#network = network;
  }

  start(): Promise<void> {
    this.isRunning = true;
    this.#network.update();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.isRunning = false;
    this.#network.update();
    return Promise.resolve();
  }

  links(): readonly PeerLink[] {
    return [...this.#links].map((box) => ({ box, address: `/memory/${box}`, since: 0 }));
  }

  isLinked(box: BoxId): boolean {
    return this.#links.has(box);
  }

  setLink(box: BoxId, up: boolean): void {
    if (this.#links.has(box) === up) return;
    if (up) this.#links.add(box);
    else this.#links.delete(box);
    // Both ends know of the link before either speaks.
    queueMicrotask(() => {
      if (up) this.#told.add(box);
      else this.#told.delete(box);
      const told = [...this.#onLink];
      for (const listener of told) listener(linkEvent(up ? "up" : "down", box));
    });
  }

  onLink(listener: (event: LinkEvent) => void): Unsubscribe {
    this.#onLink.add(listener);
    for (const box of this.#told) listener(linkEvent("up", box));
    return () => this.#onLink.delete(listener);
  }

  send(box: BoxId, channel: Channel, frame: Uint8Array): Promise<void> {
    if (!this.#links.has(box)) return Promise.reject(new TransportError("link_down", "no link"));
    this.#deliver(box, (to) => to.#take(channel, this.self, frame));
    return Promise.resolve();
  }

  #take(channel: Channel, from: BoxId, frame: Uint8Array): void {
    const listener = this.#onFrame.get(channel);
    if (listener) void listener(from, frame);
  }

  onFrame(channel: Channel, listener: FrameListener): Unsubscribe {
    this.#onFrame.set(channel, listener);
    return () => this.#onFrame.delete(channel);
  }

  request(
    box: BoxId,
    method: string,
    body: Uint8Array,
    _opts: { readonly timeoutMs: number },
  ): Promise<Uint8Array> {
    if (!this.#links.has(box)) return Promise.reject(new TransportError("link_down", "no link"));
    return new Promise((resolve, reject) => {
      this.#deliver(box, (to) => {
        const handler = to.#onRequest.get(method);
        if (!handler) return reject(new TransportError("unknown_method", method));
        handler(this.self, body).then(resolve, reject);
      });
    });
  }

  onRequest(method: string, handler: RequestHandler): Unsubscribe {
    this.#onRequest.set(method, handler);
    return () => this.#onRequest.delete(method);
  }

  publish(topic: string, data: Uint8Array): void {
    for (const peer of this.#network.reachable(this.self)) {
      this.#deliver(peer.self, (to) => {
        for (const listener of to.#onPublish.get(topic) ?? []) listener(this.self, data);
      });
    }
  }

  onPublish(topic: string, listener: PublishListener): Unsubscribe {
    const listeners = this.#onPublish.get(topic) ?? new Set();
    listeners.add(listener);
    this.#onPublish.set(topic, listeners);
    return () => listeners.delete(listener);
  }

  async *fetchStream(
    box: BoxId,
    method: string,
    body: Uint8Array,
    _opts: { readonly timeoutMs: number },
  ): AsyncIterable<Uint8Array> {
    const to = this.#links.has(box) ? this.#network.at(box) : undefined;
    const handler = to ? to.#onFetch.get(method) : undefined;
    if (!handler) throw new TransportError("link_down", "no link");
    yield* handler(this.self, body);
  }

  onFetchStream(method: string, handler: FetchHandler): Unsubscribe {
    this.#onFetch.set(method, handler);
    return () => this.#onFetch.delete(method);
  }

  addresses(): string[] {
    return [`/memory/${this.self}`];
  }

  setMembers(): void {
    // Whoever joined the network is a member.
  }

  isolate(on: boolean): void {
    this.isIsolated = on;
    this.#network.update();
  }

  #deliver(box: BoxId, run: (to: MemoryTransport) => void): void {
    this.#network.weather.deliver(this.self, box, () => {
      const to = this.#network.at(box);
      if (to?.isRunning && this.isRunning && this.#links.has(box)) run(to);
    });
  }
}
