import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "../../../core/ports.ts";
import type { BoxId } from "../../../core/ids.ts";
import { boxOf, incarnationOf, originOf } from "../../../core/vector.ts";
import type { Dot, Origin, Vector } from "../../../core/vector.ts";
import { loadMembers } from "../../../bin/home/members.ts";
import { loadSecrets } from "../../../bin/home/secrets.ts";
import { homePaths } from "../../../bin/home/paths.ts";
import { systemTimers } from "../../../bin/timers.ts";
import { hashOfEntry } from "../../../mesh/journal/entry.ts";
import { decodeFrame } from "../../../mesh/replica/frames.ts";
import { peerKeysOf } from "../../../mesh/transport/identity.ts";
import { createTransport } from "../../../mesh/transport/libp2p-transport.ts";
import type { MeshTransport } from "../../../mesh/transport/mesh-transport.ts";
import { until } from "./box-process.ts";
import { meshctl } from "./program.ts";
import type { TestMesh } from "./test-mesh.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Ticks of the hybrid clock in a millisecond. */
const TICKS_PER_MS = 1024;

/** A member by invitation and by its keys, whose every byte a test makes up. */
export class Rogue {
  readonly transport: MeshTransport;
  /** Its life, for journal entries that are its own to make. */
  readonly life: Origin;
  readonly #heard = new Map<BoxId, Vector>();
  #seq = 0;
  #prev = "";

  private constructor(transport: MeshTransport) {
    this.transport = transport;
    transport.onFrame("replica", (from, bytes) => {
      const frame = decodeFrame(bytes);
      if (frame && "vector" in frame) this.#heard.set(from, frame.vector);
    });
    this.life = originOf(transport.self, Date.now());
  }

  static async join(mesh: TestMesh): Promise<Rogue> {
    const home = join(mesh.folder, "rogue");
    const { code } = await mesh.box(1).control("invite", { ttl_s: 60 });
    const joined = await meshctl(home, "join", code, "--name", "rogue");
    if (joined.code !== 0) throw new Error(`not joined: ${JSON.stringify(joined.json)}`);
    const paths = homePaths(home);
    const secrets = loadSecrets(paths.secrets);
    const transport = await createTransport({
      keys: peerKeysOf(secrets.boxSeed),
      psk: secrets.meshPsk,
      listen: ["/ip4/127.0.0.1/tcp/0"],
      announce: [],
      mdns: false,
      members: loadMembers(paths.members) ?? [],
      timers: systemTimers,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      logger: silent,
      wallClock: () => Date.now(),
    });
    const rogue = new Rogue(transport);
    await transport.start();
    await rogue.linked(mesh.boxes.length);
    return rogue;
  }

  /** A link that its garbage has cost it comes back by itself. */
  linked(boxes: number): Promise<void> {
    return until("the rogue is linked", () => this.transport.links().length === boxes);
  }

  /** The last entries of the present lives of the others, as they said themselves. */
  places(): Dot[] {
    return [...this.#heard].flatMap(([box, vector]) => {
      const lives = Object.keys(vector) as Origin[];
      const own = lives.filter((life) => boxOf(life) === box);
      const origin = own.toSorted((a, b) => incarnationOf(a) - incarnationOf(b)).at(-1);
      return origin ? [{ origin, seq: vector[origin] ?? 0 }] : [];
    });
  }

  /** One frame to every box; one that is refused because the link is down is lost. */
  async flood(frame: string | Uint8Array, channel = "replica"): Promise<void> {
    const bytes = Buffer.from(frame as string);
    const sent = this.transport.links().map(({ box }) => this.transport.send(box, channel, bytes));
    await Promise.allSettled(sent);
  }

  /** Journal entries by stream and by gossip. */
  async pour(...entries: readonly string[]): Promise<void> {
    const frame = `e${entries.join("\n")}`;
    this.transport.publish("entries", Buffer.from(frame));
    await this.flood(frame);
  }

  /** The next entry of its own journal, well formed around whatever records. */
  own(...records: readonly unknown[]): string {
    const seq = ++this.#seq;
    const entry = { ...this.entry(records), seq, prev: this.#prev };
    const text = JSON.stringify(entry);
    this.#prev = hashOfEntry(text);
    return text;
  }

  /** An entry in which only the records need be wrong. */
  entry(records: readonly unknown[], time = Date.now()): Readonly<Record<string, unknown>> {
    const of = { v: 1, origin: this.life, seq: 1, time: time * TICKS_PER_MS, deps: {}, prev: "" };
    return { ...of, records };
  }

  stop(): Promise<void> {
    return this.transport.stop();
  }
}
