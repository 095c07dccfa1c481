import type { BoxId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
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

/** Drills of this box and, asked over the mesh, of another one. */
export class MeshDrill {
  readonly #deps: MeshDrillDeps;

  constructor(deps: MeshDrillDeps) {
    this.#deps = deps;
    const { transport, drill } = deps;
    transport.onRequest(ISOLATE, async (_from, body) => this.#isolateAsAsked(body));
    transport.onRequest(TAKE_PART, async (_from, body) => this.#takePartAsAsked(body));
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
    await Promise.all(bystanders.map((member) => this.#ask(member, TAKE_PART, seconds)));
    if (found.box === self) {
      drill.isolate(seconds);
    } else {
      await this.#ask(found, ISOLATE, seconds);
      drill.takePart(seconds);
    }
    return { box: found.box, name: found.name };
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

  async #ask({ box, name }: BoxRecord, method: string, seconds: number): Promise<void> {
    const body = Buffer.from(JSON.stringify({ seconds }));
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

  #takePartAsAsked(body: Uint8Array): Uint8Array {
    const { drill } = this.#deps;
    const seconds = secondsOf(body);
    if (drill.state.isolated) throw new TransportError("refused", "it is in a drill already");
    drill.takePart(seconds);
    return new Uint8Array();
  }

  #isolateAsAsked(body: Uint8Array): Uint8Array {
    const { drill, timers, refusal } = this.#deps;
    const seconds = secondsOf(body);
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

function secondsOf(body: Uint8Array): number {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch {
    value = undefined;
  }
  const seconds = isObject(value) ? value["seconds"] : undefined;
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
