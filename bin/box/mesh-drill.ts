import type { BoxId } from "../../core/ids.ts";
import { parseBoxId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Command, Runner, Timers } from "../../core/ports.ts";
import { boxOf } from "../../core/vector.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import { TransportError } from "../../mesh/transport/transport.ts";
import { ControlError } from "../control/error.ts";
import type { DrillFacts, DrillStarted, DrillWrites } from "../control/protocol.ts";
import type { DrillSwitch } from "./drill.ts";

const ISOLATE = "drill-isolate";
const TAKE_PART = "drill-take-part";
const WRITES = "drill-writes";
const OVER = "drill-over";
/** A box that does not answer by then is in no state for a drill, milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;
/** The answer gets this long to leave before the links are cut, milliseconds. */
const ANSWER_LEAVES_MS = 250;
/** The longest that a box lets another one cut it off, seconds: nobody may be near it. */
const ISOLATION_S_MAX = 3600;

/** A harmless write: the newest drill write of a box. */
export const writeDrill: Command<BoxId, void> = (draft, box, env) => {
  draft.putFact("drill", [box], { time: env.time });
};

export interface MeshDrillDeps {
  readonly node: MeshNode;
  readonly transport: Transport;
  readonly drill: DrillSwitch;
  readonly runner: Runner;
  readonly timers: Timers;
  /** Why this box must not be cut off now, for people. */
  readonly refusal: () => string | undefined;
}

/** The drill of another box that this one took part in last. */
interface Joined {
  /** The box that asked for it. */
  readonly by: BoxId;
  /** Undefined where an older box asked. */
  readonly cutOff: BoxId | undefined;
}

/** Drills of this box and, asked over the mesh, of another one. */
export class MeshDrill {
  readonly #deps: MeshDrillDeps;
  #joined: Joined | undefined;

  constructor(deps: MeshDrillDeps) {
    this.#deps = deps;
    const { transport, drill } = deps;
    transport.onRequest(ISOLATE, async (_from, body) => this.#isolateAsAsked(body));
    transport.onRequest(TAKE_PART, async (from, body) => this.#takePartAsAsked(from, body));
    transport.onRequest(OVER, async (from) => this.#endAsAsked(from));
    // The box that was cut off is back before its time: it was healed, or it restarted.
    transport.onLink(({ kind, box }) => {
      if (kind === "up" && box === this.#joined?.cutOff) this.#endJoined();
    });
    transport.onRequest(WRITES, async () => Buffer.from(JSON.stringify(drill.writes)));
  }

  /** Cuts one box off for a time, and has all write meanwhile. `undefined`: this box. */
  async start(wanted: string | undefined, seconds: number): Promise<DrillStarted> {
    const { node, transport, drill } = this.#deps;
    const { self } = transport;
    const members = node.membership.members();
    const found = members.find(({ box, name }) => box === (wanted ?? self) || name === wanted);
    if (!found) throw new ControlError("not_found", `There is no box ${wanted} in this mesh.`);
    const bystanders = members.filter(({ box }) => box !== self && box !== found.box);
    const cutOff = found.box;
    try {
      const body = { seconds, cut_off: cutOff };
      await Promise.all(bystanders.map((member) => this.#ask(member, TAKE_PART, body)));
      if (cutOff !== self) await this.#ask(found, ISOLATE, { seconds });
    } catch (error) {
      for (const { box } of bystanders) this.#tellOver(box);
      throw error;
    }
    if (cutOff === self) drill.isolate(seconds);
    else this.#takePart({ by: self, cutOff }, seconds);
    return { box: cutOff, name: found.name };
  }

  /** How many entries of each box are here, and what each wrote in the drill. */
  async facts(): Promise<DrillFacts> {
    const { node, transport, drill } = this.#deps;
    const entries: Record<BoxId, number> = {};
    for (const [origin, seq] of node.ledger.positions()) {
      const box = boxOf(origin);
      entries[box] = (entries[box] ?? 0) + seq;
    }
    const writes: Record<BoxId, DrillWrites> = { [transport.self]: drill.writes };
    for (const { box } of transport.links()) {
      const theirs = await this.#writesOf(box);
      if (theirs) writes[box] = theirs;
    }
    return { entries, writes };
  }

  async #ask({ box, name }: BoxRecord, method: string, params: JsonObject): Promise<void> {
    const body = Buffer.from(JSON.stringify(params));
    try {
      await this.#deps.transport.request(box, method, body, { timeoutMs: ANSWER_TIMEOUT_MS });
    } catch (error) {
      const isOld = error instanceof TransportError && error.code === "unknown_method";
      const why = isOld
        ? "it is starting, or its version knows no drills"
        : (error as Error).message;
      throw new ControlError("unavailable", `${name} does not take part: ${why}`, error);
    }
  }

  /** A drill that did not begin. A box that did not hear so, or is too old, goes on until its time is up. */
  #tellOver(box: BoxId): void {
    const opts = { timeoutMs: ANSWER_TIMEOUT_MS };
    this.#deps.transport.request(box, OVER, new Uint8Array(), opts).catch(() => undefined);
  }

  #takePartAsAsked(from: BoxId, body: Uint8Array): Uint8Array {
    const params = paramsOf(body);
    const seconds = secondsOf(params);
    if (this.#deps.drill.state.isolated)
      throw new TransportError("refused", "it is in a drill already");
    this.#takePart({ by: from, cutOff: parseBoxId(params["cut_off"]) }, seconds);
    return new Uint8Array();
  }

  #takePart(joined: Joined, seconds: number): void {
    this.#joined = joined;
    this.#deps.drill.takePart(seconds);
  }

  #endAsAsked(from: BoxId): Uint8Array {
    if (from === this.#joined?.by) this.#endJoined();
    return new Uint8Array();
  }

  #endJoined(): void {
    this.#joined = undefined;
    // Its own drill, which it began since, ends by itself.
    if (!this.#deps.drill.state.isolated) this.#deps.drill.stop();
  }

  #isolateAsAsked(body: Uint8Array): Uint8Array {
    const { drill, timers, refusal } = this.#deps;
    const seconds = secondsOf(paramsOf(body));
    const why = drill.state.isolated ? "it is in a drill already" : refusal();
    if (why !== undefined) throw new TransportError("refused", why);
    timers.after(ANSWER_LEAVES_MS, () => drill.isolate(seconds));
    return new Uint8Array();
  }

  async #writesOf(box: BoxId): Promise<DrillWrites | null> {
    try {
      const opts = { timeoutMs: ANSWER_TIMEOUT_MS };
      const said = await this.#deps.transport.request(box, WRITES, new Uint8Array(), opts);
      return parseWrites(JSON.parse(Buffer.from(said).toString()));
    } catch {
      return null;
    }
  }
}

function paramsOf(body: Uint8Array): JsonObject {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString());
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function secondsOf({ seconds }: JsonObject): number {
  const isGood = Number.isSafeInteger(seconds) && Number(seconds) >= 1;
  if (!isGood || Number(seconds) > ISOLATION_S_MAX) {
    throw new TransportError("refused", `a drill takes 1 to ${ISOLATION_S_MAX} seconds`);
  }
  return Number(seconds);
}

function parseWrites(value: unknown): DrillWrites | null {
  if (!isObject(value)) return null;
  const { accepted, refused, slowest_ms } = value;
  const isCount = (count: unknown): count is number =>
    Number.isSafeInteger(count) && Number(count) >= 0;
  if (!isCount(accepted) || !isCount(refused) || !isCount(slowest_ms)) return null;
  return { accepted, refused, slowest_ms };
}
