import type { Stream } from "@libp2p/interface";
import type { Timers } from "../../core/ports.ts";
import { LINK_OPEN_MS, LINK_SILENCE_MS, PARCEL_BYTES_MAX, PULSE_MS } from "./constants.ts";
import { decodeCredit, encodeCredit, LINK_VERSION, LinkKind } from "./link-protocol.ts";
import { encodeParcels, ParcelDecoder, type Parcel } from "./parcel.ts";
import { ReceiveQueue } from "./receive-queue.ts";
import { SendQueue } from "./send-queue.ts";
import { TransportError, type Channel } from "./transport.ts";

/** What a link needs of a libp2p stream. */
export type LinkStream = Pick<Stream, "send" | "abort" | "writableNeedsDrain" | "addEventListener">;

export interface MemberLinkEvents {
  /** Both sides said hello: frames may flow. At most once. */
  onUp(): void;
  /** The link is over, whether it was up or not. Exactly once. */
  onDown(reason: TransportError): void;
  /** A whole frame, still with its channel name. Must not throw or reject. */
  onFrame(bytes: Uint8Array): void | Promise<void>;
}

const PULSE = encodeParcels([{ kind: LinkKind.pulse, body: new Uint8Array(0) }]);
const HELLO = encodeParcels([{ kind: LinkKind.hello, body: Uint8Array.of(LINK_VERSION) }]);

/**
 * One stream to one member. Invariants: (1) nothing is sent before the other side's hello except our
 * own; (2) a pulse goes out every second whatever waits; (3) silence or a broken protocol ends it.
 */
export class MemberLink {
  private readonly stream: LinkStream;
  private readonly timers: Timers;
  private readonly events: MemberLinkEvents;
  private readonly decoder = new ParcelDecoder(PARCEL_BYTES_MAX);
  private readonly sendQueue = new SendQueue();
  private readonly receiveQueue: ReceiveQueue;
  private state: "opening" | "up" | "down" = "opening";
  private heardAt: number;
  private tickedAt: number;
  private timer: { cancel(): void } = { cancel: () => {} };
  private pumpScheduled = false;

  constructor(stream: LinkStream, timers: Timers, events: MemberLinkEvents) {
    this.stream = stream;
    this.timers = timers;
    this.events = events;
    this.heardAt = timers.elapsed();
    this.tickedAt = this.heardAt;
    this.receiveQueue = new ReceiveQueue(
      (bytes) => events.onFrame(bytes),
      (credit) => this.write([{ kind: LinkKind.credit, body: encodeCredit(credit) }]),
    );
  }

  /** Says hello. Events may fire from here on, even before it returns. */
  start(): void {
    const { stream } = this;
    this.timer = this.timers.after(LINK_OPEN_MS, () => this.close("No hello in time"));
    stream.addEventListener("close", () => this.close("The stream was closed"));
    stream.addEventListener("remoteCloseWrite", () => this.close("The box hung up"));
    stream.addEventListener("drain", () => this.schedulePump());
    stream.addEventListener("message", (event) => this.receive(event.data.subarray()));
    this.trySend(HELLO);
  }

  get isUp(): boolean {
    return this.state === "up";
  }

  send(channel: Channel, frame: Uint8Array): Promise<void> {
    const sent = this.sendQueue.add(channel, frame);
    this.schedulePump();
    return sent;
  }

  /** Bytes of this member arrived on another stream, so it lives. */
  heard(): void {
    this.heardAt = this.timers.elapsed();
  }

  /** Ends the link; whoever waits for it is told `link_down`. */
  close(message: string, cause?: unknown): void {
    if (this.state === "down") return;
    this.state = "down";
    const reason = new TransportError("link_down", message, cause);
    this.timer.cancel();
    this.sendQueue.close(reason);
    this.receiveQueue.close();
    this.stream.abort(reason);
    this.events.onDown(reason);
  }

  private receive(bytes: Uint8Array): void {
    this.heard();
    try {
      for (const parcel of this.decoder.push(bytes)) {
        if (this.state === "down") return;
        this.take(parcel);
      }
    } catch (error) {
      this.close("The box broke the link protocol", error);
    }
  }

  private take({ kind, body }: Parcel): void {
    if (this.state === "opening") {
      if (kind !== LinkKind.hello) throw new TransportError("protocol", "No hello");
      if (body[0] !== LINK_VERSION) throw new TransportError("protocol", "Unknown link version");
      return this.becomeUp();
    }
    if (kind === LinkKind.framePart) this.receiveQueue.push(body, false);
    else if (kind === LinkKind.frameEnd) this.receiveQueue.push(body, true);
    else if (kind === LinkKind.credit) this.takeCredit(body);
    else if (kind !== LinkKind.pulse) throw new TransportError("protocol", "Unknown parcel");
  }

  private takeCredit(body: Uint8Array): void {
    const credit = decodeCredit(body);
    if (credit === undefined) throw new TransportError("protocol", "Malformed credit");
    this.sendQueue.grant(credit);
    this.schedulePump();
  }

  private becomeUp(): void {
    this.state = "up";
    this.timer.cancel();
    this.tickedAt = this.timers.elapsed();
    this.timer = this.timers.after(PULSE_MS, () => this.tick());
    this.events.onUp();
    this.schedulePump();
  }

  private tick(): void {
    const now = this.timers.elapsed();
    // When this process was paused or starved, the member was not silent: we did not listen.
    this.heardAt += Math.max(0, now - this.tickedAt - PULSE_MS);
    this.tickedAt = now;
    if (now - this.heardAt >= LINK_SILENCE_MS) return this.close("The box went silent");
    this.timer = this.timers.after(PULSE_MS, () => this.tick());
    this.trySend(PULSE);
  }

  /** Frames given in the same turn of the event loop share packets. */
  private schedulePump(): void {
    if (this.pumpScheduled || this.state !== "up") return;
    this.pumpScheduled = true;
    queueMicrotask(() => {
      this.pumpScheduled = false;
      this.pump();
    });
  }

  private pump(): void {
    while (this.state === "up" && !this.stream.writableNeedsDrain) {
      const parcels = this.sendQueue.next();
      if (parcels.length === 0) return;
      this.write(parcels);
    }
  }

  private write(parcels: readonly Parcel[]): void {
    if (this.state === "up") this.trySend(encodeParcels(parcels));
  }

  private trySend(bytes: Uint8Array): void {
    try {
      this.stream.send(bytes);
    } catch (error) {
      this.close("The stream takes no more", error);
    }
  }
}
