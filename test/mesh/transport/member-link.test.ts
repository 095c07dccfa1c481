import { describe, expect, test } from "vitest";
import { LINK_OPEN_MS, LINK_SILENCE_MS, PULSE_MS } from "../../../mesh/transport/constants.ts";
import { LINK_VERSION, LinkKind } from "../../../mesh/transport/link-protocol.ts";
import { MemberLink, type LinkStream } from "../../../mesh/transport/member-link.ts";
import { decodeNamed } from "../../../mesh/transport/named-bytes.ts";
import { encodeParcels, ParcelDecoder, type Parcel } from "../../../mesh/transport/parcel.ts";
import { FakeTimers } from "./fake-timers.ts";
import { bytes, text } from "./support.ts";

const NOTHING = new Uint8Array(0);
const hello = { kind: LinkKind.hello, body: Uint8Array.of(LINK_VERSION) };
const pulse = { kind: LinkKind.pulse, body: NOTHING };

/** One end of a stream, with the test at the other. */
class FakeStream extends EventTarget {
  readonly sent: Parcel[] = [];
  writableNeedsDrain = false;
  aborted = false;
  private readonly decoder = new ParcelDecoder(1024 * 1024);

  send(content: Uint8Array): boolean {
    if (this.aborted) throw new Error("closed");
    this.sent.push(...this.decoder.push(content));
    return !this.writableNeedsDrain;
  }

  abort(): void {
    this.aborted = true;
    this.dispatchEvent(new Event("close"));
  }

  receive(...parcels: Parcel[]): void {
    const data = encodeParcels(parcels);
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}

function setUp() {
  const timers = new FakeTimers();
  const stream = new FakeStream();
  const events: string[] = [];
  const link = new MemberLink(stream as unknown as LinkStream, timers, {
    onUp: () => void events.push("up"),
    onDown: ({ code, message }) => void events.push(`down ${code}: ${message}`),
    onFrame: (frame) => void events.push(`frame ${text(decodeNamed(frame)?.bytes ?? NOTHING)}`),
  });
  link.start();
  const kinds = () => stream.sent.map(({ kind }) => kind);
  return { timers, stream, events, link, kinds };
}

describe("a link", () => {
  test("is up once both sides said hello", () => {
    const { stream, events, link, kinds } = setUp();
    expect([kinds(), link.isUp]).toEqual([[LinkKind.hello], false]);
    stream.receive(hello);
    expect([events, link.isUp]).toEqual([["up"], true]);
  });

  test("sends frames only then, those of one turn in one packet", async () => {
    const { timers, stream, link, kinds } = setUp();
    const sent = Promise.all([link.send("x", bytes("a")), link.send("x", bytes("b"))]);
    await timers.advance(100);
    expect(kinds()).toEqual([LinkKind.hello]);
    stream.receive(hello);
    await sent;
    expect(kinds()).toEqual([LinkKind.hello, LinkKind.frameEnd, LinkKind.frameEnd]);
  });

  test("without a hello in time is over", async () => {
    const { timers, events, stream } = setUp();
    await timers.advance(LINK_OPEN_MS);
    expect(events).toEqual(["down link_down: No hello in time"]);
    expect([stream.aborted, timers.waiting]).toEqual([true, 0]);
  });

  test("pulses every second, even while frames wait for the network", async () => {
    const { timers, stream, link, kinds } = setUp();
    stream.receive(hello);
    stream.writableNeedsDrain = true;
    void link.send("x", bytes("waits")).catch(() => {});
    await timers.advance(3 * PULSE_MS);
    expect(kinds()).toEqual([LinkKind.hello, LinkKind.pulse, LinkKind.pulse, LinkKind.pulse]);
    stream.writableNeedsDrain = false;
    stream.dispatchEvent(new Event("drain"));
    await timers.advance(0);
    expect(kinds().at(-1)).toBe(LinkKind.frameEnd);
  });

  test("is down within 5 s of silence, once, and rejects what waits", async () => {
    const { timers, stream, events, link } = setUp();
    stream.receive(hello);
    await timers.advance(500);
    stream.receive(pulse);
    stream.writableNeedsDrain = true;
    const waiting = link.send("x", bytes("")).catch((error: unknown) => error);
    await timers.advance(LINK_SILENCE_MS + PULSE_MS);
    expect(events).toEqual(["up", "down link_down: The box went silent"]);
    expect(await waiting).toMatchObject({ code: "link_down" });
    stream.dispatchEvent(new Event("close"));
    link.close("again");
    expect(events).toHaveLength(2);
  });

  test("lives on as long as anything of the box is heard, here or on another stream", async () => {
    const { timers, stream, events, link } = setUp();
    stream.receive(hello);
    for (let i = 0; i < 5; i += 1) {
      await timers.advance(LINK_SILENCE_MS - PULSE_MS);
      if (i % 2 === 0) stream.receive(pulse);
      else link.heard();
    }
    expect(events).toEqual(["up"]);
  });

  test("does not take its own sleep for the silence of the other", async () => {
    const { timers, stream, events } = setUp();
    stream.receive(hello);
    timers.sleep(60_000);
    await timers.advance(PULSE_MS);
    expect(events).toEqual(["up"]);
    await timers.advance(LINK_SILENCE_MS + PULSE_MS);
    expect(events).toHaveLength(2);
  });

  test("gives nothing to its listener after its end", () => {
    const { stream, events } = setUp();
    const frame = (content: string) => ({
      kind: LinkKind.frameEnd,
      body: bytes(`\u0001x${content}`),
    });
    stream.receive(hello, frame("first"), { kind: 99, body: NOTHING }, frame("second"));
    expect(events).toEqual([
      "up",
      "frame first",
      "down link_down: The box broke the link protocol",
    ]);
  });
});
