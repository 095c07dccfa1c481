import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import { stateText } from "../../core/rooms/queries/room-facts.ts";
import type { RoomId } from "../../core/ids.ts";
import { boxOf } from "../../core/vector.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import { TransportError } from "../../mesh/transport/transport.ts";
import { compareBoxes } from "../../mesh/verify/compare.ts";
import type { Comparison } from "../../mesh/verify/compare.ts";
import { CompareError } from "../../mesh/verify/named-box.ts";
import { RemoteBox } from "../../mesh/verify/remote-box.ts";
import { sectionNamed } from "../../mesh/verify/sections.ts";
import type { VerifyDesk } from "../../mesh/verify/verify-desk.ts";
import { ControlError } from "../control/error.ts";
import type { VerifyReport } from "../control/verify-report.ts";
import { outcomeOf } from "./verify-outcome.ts";

export interface VerifyDeps {
  readonly node: MeshNode;
  readonly transport: Transport;
  readonly desk: VerifyDesk;
  readonly timers: Timers;
}

/** Compares this box with all that it is connected to, one comparison at a time. */
export class Verifier {
  readonly #deps: VerifyDeps;
  #isRunning = false;

  constructor(deps: VerifyDeps) {
    this.#deps = deps;
  }

  async verify(): Promise<VerifyReport> {
    if (this.#isRunning)
      throw new ControlError("conflict", "The boxes are being compared already.");
    this.#isRunning = true;
    try {
      return await this.#run();
    } finally {
      this.#isRunning = false;
    }
  }

  async #run(): Promise<VerifyReport> {
    const { node, transport, desk, timers } = this.#deps;
    const began = timers.elapsed();
    const linked = new Set(transport.links().map(({ box }) => box));
    const others = node.memberIds().filter((box) => box !== desk.box);
    const why = new Map<BoxId, string>();
    for (const box of others) if (!linked.has(box)) why.set(box, "it is not connected");
    const comparison = await this.#compareWhoAnswers(others, why);
    return this.#report(comparison, why, timers.elapsed() - began);
  }

  /** A box that fails is left out, and why is noted. */
  async #compareWhoAnswers(
    others: readonly BoxId[],
    why: Map<BoxId, string>,
  ): Promise<Comparison | undefined> {
    const { transport, desk, timers } = this.#deps;
    for (;;) {
      const boxes = others.filter((box) => !why.has(box));
      if (boxes.length === 0) return undefined;
      try {
        const remotes = boxes.map((box) => new RemoteBox(box, transport));
        return await compareBoxes(desk, remotes, timers);
      } catch (error) {
        if (!(error instanceof CompareError)) throw error;
        if (error.box === desk.box) throw new ControlError("unavailable", error.message, error);
        why.set(error.box, reasonOf(error));
      }
    }
  }

  #report(
    comparison: Comparison | undefined,
    why: ReadonlyMap<BoxId, string>,
    durationMs: number,
  ): VerifyReport {
    const { node } = this.#deps;
    const names = new Map(node.membership.members().map(({ box, name }) => [box, name]));
    const differences = (comparison?.differences ?? []).map(({ about, key, found }) => ({
      about,
      key,
      found: Object.fromEntries(found),
    }));
    const beingWritten = (comparison?.beingWritten ?? []).map(({ about, key }) => ({ about, key }));
    const refused = [...node.replicator.refused()].map(([origin, reason]) => ({
      box: boxOf(origin),
      reason,
    }));
    return {
      outcome: outcomeOf(comparison, why.size === 0),
      duration_ms: Math.round(durationMs),
      rows: comparison?.rows ?? 0,
      same_moment: comparison?.sameMoment ?? false,
      boxes: node
        .memberIds()
        .map((box) => ({
          box,
          name: names.get(box) ?? box,
          compared: comparison !== undefined && !why.has(box),
          why: why.get(box) ?? "",
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      differences,
      more: comparison?.isMore ?? false,
      being_written: beingWritten,
      undecided: comparison?.undecided ?? 0,
      forks: (comparison?.forks ?? []).map(({ origin, seq, boxes }) => ({
        of: boxOf(origin),
        origin,
        seq,
        between: boxes,
      })),
      refused,
      skipped: (comparison?.skipped ?? []).map((name) => sectionNamed(name)?.about ?? name),
      room_names: this.#roomNames([...differences, ...beingWritten].flatMap(({ key }) => key)),
    };
  }

  #roomNames(parts: readonly (string | number)[]): Record<string, string> {
    const names: Record<string, string> = {};
    for (const part of new Set(parts)) {
      if (typeof part !== "string" || !part.startsWith("!")) continue;
      const name = stateText(this.#deps.node.state, part as RoomId, "m.room.name", "name");
      if (name !== undefined) names[part] = name;
    }
    return names;
  }
}

/** Why a box could not be compared, for people. */
function reasonOf({ cause, message }: CompareError): string {
  if (!(cause instanceof TransportError)) return message;
  switch (cause.code) {
    case "unknown_method":
      return "it is starting, or runs a version of Hearth that cannot be compared yet; update it";
    case "link_down":
      return "its connection went down meanwhile";
    case "timeout":
      return "it did not answer in time";
    default:
      return message;
  }
}
