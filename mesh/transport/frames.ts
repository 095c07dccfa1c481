import type { BoxId } from "../../core/ids.ts";
import type { Logger } from "../../core/ports.ts";
import { checkName, decodeNamed } from "./named-bytes.ts";
import type { Channel, FrameListener, Unsubscribe } from "./transport.ts";

/** Hands frames to the listener of their channel; whatever a member sends, nothing is thrown. */
export class Frames {
  private readonly logger: Logger;
  private readonly listeners = new Map<Channel, FrameListener>();
  private bad = 0;
  private unheard = 0;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  /** Frames that were malformed, had no listener, or made their listener fail. */
  get badFrames(): number {
    return this.bad + this.unheard;
  }

  /** Throws when the channel has a listener: two would each see half of what they need. */
  on(channel: Channel, listener: FrameListener): Unsubscribe {
    checkName(channel);
    if (this.listeners.has(channel)) throw new Error(`Channel ${channel} has a listener`);
    this.listeners.set(channel, listener);
    return () => {
      if (this.listeners.get(channel) === listener) this.listeners.delete(channel);
    };
  }

  /** Never throws or rejects; a promise means that the next frame should wait. */
  deliver(from: BoxId, encoded: Uint8Array): void | Promise<void> {
    const named = decodeNamed(encoded);
    if (named === undefined) return this.count(from, undefined, "malformed");
    const listener = this.listeners.get(named.name);
    if (listener === undefined) {
      // No fault: boxes speak up as soon as a link is there, and this one may still be starting.
      this.unheard += 1;
      return this.logger.debug({ box: from, channel: named.name }, "nobody listens to this frame");
    }
    try {
      const settled = listener(from, named.bytes);
      return settled?.catch((error: unknown) => this.count(from, named.name, error));
    } catch (error) {
      this.count(from, named.name, error);
    }
  }

  /** Logged at 1, 2, 4, 8 …: a member that sends only garbage must not fill the log. */
  private count(from: BoxId, channel: Channel | undefined, reason: unknown): void {
    this.bad += 1;
    const isPowerOfTwo = (this.bad & (this.bad - 1)) === 0;
    if (!isPowerOfTwo) return;
    this.logger.warn({ box: from, channel, badFrames: this.bad, err: reason }, "bad frame");
  }
}
