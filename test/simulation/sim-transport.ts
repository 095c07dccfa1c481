import type { BoxId } from "../../core/ids.ts";
import type {
  Channel,
  FetchHandler,
  FrameListener,
  LinkEvent,
  Member,
  PeerLink,
  PublishListener,
  RequestHandler,
  TimeoutOptions,
  Transport,
  Unsubscribe,
} from "../../mesh/transport/transport.ts";
import { TransportError } from "../../mesh/transport/transport.ts";
import type { BoxTimers } from "./sim-clock.ts";
import type { LinkEnd } from "./sim-link.ts";
import type { SimNetwork } from "./sim-network.ts";

/** The transport of one life of a box, with the promises of the real one. */
export class SimTransport implements Transport {
  readonly self: BoxId;
  readonly timers: BoxTimers;
  readonly #network: SimNetwork;
  readonly #ends = new Map<BoxId, LinkEnd>();
  readonly #onLink = new Set<(event: LinkEvent) => void>();
  readonly #onFrame = new Map<Channel, FrameListener>();
  readonly #onRequest = new Map<string, RequestHandler>();
  readonly #onFetch = new Map<string, FetchHandler>();
  readonly #onPublish = new Map<string, Set<PublishListener>>();
  readonly #dialling = new Set<BoxId>();
  /** Requests that wait for an answer, by box. */
  readonly #asked = new Map<BoxId, Set<(error: TransportError) => void>>();
  #members: readonly BoxId[] = [];
  #running = false;
  #paused = false;

  constructor(self: BoxId, network: SimNetwork, timers: BoxTimers) {
    this.self = self;
    this.timers = timers;
    this.#network = network;
    network.attach(this);
  }

  /** Does its process run, and not stand still? */
  get isAwake(): boolean {
    return this.#running && !this.#paused;
  }

  start(): Promise<void> {
    this.#running = true;
    this.#dialAll();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#running = false;
    for (const end of this.#ends.values()) end.link.close(end);
    return Promise.resolve();
  }

  /** The process is gone. */
  kill(reset: boolean): void {
    this.#running = false;
    for (const end of this.#ends.values()) end.link.abandon(end, reset);
    this.#ends.clear();
  }

  pause(on: boolean): void {
    this.#paused = on;
    if (on) this.#network.watch();
    else this.#network.wake();
  }

  links(): readonly PeerLink[] {
    const up = [...this.#ends.values()].filter((end) => end.up);
    return up.map(({ peer }) => ({ box: peer, address: `/sim/${peer}`, since: 0 }));
  }

  replaceEnd(end: LinkEnd): void {
    const before = this.#ends.get(end.peer);
    if (before) before.link.close(before);
    this.#ends.set(end.peer, end);
  }

  dropEnd(end: LinkEnd): void {
    if (this.#ends.get(end.peer) === end) this.#ends.delete(end.peer);
    for (const fail of this.#asked.get(end.peer) ?? []) {
      fail(new TransportError("link_down", "the link went down"));
    }
    this.#dial(end.peer);
  }

  announce(kind: "up" | "down", box: BoxId): void {
    const told = [...this.#onLink];
    for (const listener of told) listener({ kind, box, address: `/sim/${box}` });
  }

  onLink(listener: (event: LinkEvent) => void): Unsubscribe {
    this.#onLink.add(listener);
    for (const { box, address } of this.links()) listener({ kind: "up", box, address });
    return () => this.#onLink.delete(listener);
  }

  send(box: BoxId, channel: Channel, frame: Uint8Array): Promise<void> {
    const end = this.#upEnd(box);
    if (!end) return Promise.reject(new TransportError("link_down", "no link"));
    end.link.send(end, channel, frame);
    return Promise.resolve();
  }

  onFrame(channel: Channel, listener: FrameListener): Unsubscribe {
    this.#onFrame.set(channel, listener);
    return () => this.#onFrame.delete(channel);
  }

  async takeFrame(channel: Channel, from: BoxId, bytes: Uint8Array): Promise<void> {
    await this.#onFrame.get(channel)?.(from, bytes);
  }

  request(
    box: BoxId,
    method: string,
    body: Uint8Array,
    { timeoutMs }: TimeoutOptions,
  ): Promise<Uint8Array> {
    return this.#exchange(box, method, timeoutMs, (to) => {
      const handler = to.#onRequest.get(method);
      return handler ? handler(this.self, body) : Promise.reject(new Error("unknown method"));
    });
  }

  /** Has the other box do something, and brings back what comes of it. */
  #exchange<T>(
    box: BoxId,
    what: string,
    timeoutMs: number,
    run: (to: SimTransport) => Promise<T>,
  ): Promise<T> {
    const end = this.#upEnd(box);
    if (!end) return Promise.reject(new TransportError("link_down", "no link"));
    return new Promise((resolve, reject) => {
      const asked = this.#asked.get(box) ?? new Set();
      this.#asked.set(box, asked);
      const fail = (error: TransportError): void => {
        settle();
        reject(error);
      };
      const timer = this.timers.after(timeoutMs, () => fail(new TransportError("timeout", what)));
      const settle = (): void => {
        timer.cancel();
        asked.delete(fail);
      };
      asked.add(fail);
      this.#ask(box, run, {
        answered: (result) => {
          if (!asked.has(fail)) return;
          settle();
          resolve(result);
        },
        failed: (error) => {
          const isMeant = error instanceof TransportError && error.code === "refused";
          fail(isMeant ? error : new TransportError("handler_failed", what));
        },
      });
    });
  }

  #ask<T>(
    box: BoxId,
    run: (to: SimTransport) => Promise<T>,
    told: { answered(result: T): void; failed(error: unknown): void },
  ): void {
    const network = this.#network;
    const to = network.at(box);
    if (!to) return;
    const back = (tell: () => void): void => {
      this.timers.after(network.delay(), () => {
        if (network.isOpen(box, this.self)) tell();
      });
    };
    to.timers.after(network.delay(), () => {
      if (!to.#running || !network.isOpen(this.self, box)) return;
      run(to).then(
        (result) => back(() => told.answered(result)),
        (error: unknown) => back(() => told.failed(error)),
      );
    });
  }

  onRequest(method: string, handler: RequestHandler): Unsubscribe {
    this.#onRequest.set(method, handler);
    return () => this.#onRequest.delete(method);
  }

  publish(topic: string, data: Uint8Array): void {
    const { prng, weather } = this.#network;
    for (const { peer, up } of this.#ends.values()) {
      if (!up || prng.chance(weather.gossipLoss)) continue;
      this.#whisper(peer, topic, data);
      if (prng.chance(weather.gossipTwice)) this.#whisper(peer, topic, data);
    }
  }

  #whisper(box: BoxId, topic: string, data: Uint8Array): void {
    const to = this.#network.at(box);
    to?.timers.after(this.#network.delay(), () => {
      if (!to.#running || !this.#network.isOpen(this.self, box)) return;
      for (const listener of to.#onPublish.get(topic) ?? []) listener(this.self, data);
    });
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
    { timeoutMs }: TimeoutOptions,
  ): AsyncGenerator<Uint8Array> {
    let source:
      | { readonly at: SimTransport; readonly chunks: AsyncIterator<Uint8Array> }
      | undefined;
    const next = (to: SimTransport): Promise<IteratorResult<Uint8Array>> => {
      const handler = to.#onFetch.get(method);
      if (!handler) return Promise.reject(new Error("unknown method"));
      source ??= { at: to, chunks: handler(this.self, body)[Symbol.asyncIterator]() };
      // A box that has started anew knows nothing of the streams of its earlier life.
      if (source.at !== to) return Promise.reject(new Error("the stream is gone"));
      return source.chunks.next();
    };
    try {
      for (;;) {
        const { done, value } = await this.#exchange(box, method, timeoutMs, next);
        if (done === true) return;
        yield value as Uint8Array;
      }
    } finally {
      void source?.chunks.return?.();
    }
  }

  onFetchStream(method: string, handler: FetchHandler): Unsubscribe {
    this.#onFetch.set(method, handler);
    return () => this.#onFetch.delete(method);
  }

  addresses(): string[] {
    return [`/sim/${this.self}`];
  }

  setMembers(members: readonly Member[]): void {
    this.#members = members.map(({ box }) => box).filter((box) => box !== this.self);
    for (const end of this.#ends.values()) {
      if (!this.#members.includes(end.peer)) end.link.close(end);
    }
    this.#dialAll();
  }

  isolate(_on: boolean): void {
    throw new Error("the simulation cuts links itself");
  }

  #upEnd(box: BoxId): LinkEnd | undefined {
    const end = this.#ends.get(box);
    return end?.up === true ? end : undefined;
  }

  #dialAll(): void {
    for (const box of this.#members) this.#dial(box);
  }

  /** Tries until there is a link. */
  #dial(box: BoxId): void {
    if (!this.#running || this.#dialling.has(box) || !this.#members.includes(box)) return;
    this.#dialling.add(box);
    this.timers.after(this.#network.draw(this.#network.weather.redialMs), () => {
      this.#dialling.delete(box);
      if (!this.#running || this.#ends.has(box) || !this.#members.includes(box)) return;
      const other = this.#network.at(box);
      const knowsUs = other ? other.#members.includes(this.self) : false;
      if (other && knowsUs && this.#network.areInTouch(this, other)) {
        this.#network.establish(this, other);
      } else this.#dial(box);
    });
  }
}
