import type { BoxId } from "../../core/ids.ts";
import { covers } from "../../core/vector.ts";
import type { Origin } from "../../core/vector.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import type { Config } from "../config/schema.ts";
import type { BoxStatus, DnsStatus, JournalStatus, ScrubStatus } from "../control/status.ts";
import type { Status, StoreStatus } from "../control/status.ts";
import { shownAddress, usableElsewhere } from "./addresses.ts";
import type { BoxFactsExchange } from "./box-facts.ts";
import type { DrillSwitch } from "./drill.ts";

export interface StatusDeps {
  readonly node: MeshNode;
  readonly transport: Pick<Transport, "self" | "links" | "onLink" | "addresses">;
  readonly facts: Pick<BoxFactsExchange, "of">;
  readonly drill: Pick<DrillSwitch, "state">;
  readonly config: Config;
  readonly serverName: Status["server_name"];
  readonly clientUrl: string;
  readonly store: () => StoreStatus;
  readonly scrub: () => ScrubStatus;
  readonly dns: () => DnsStatus | null;
  readonly wallClock: () => number;
  readonly startedAt: number;
}

/** Remembers when links went, and reports what the owner asks for. */
export class StatusReport {
  readonly #deps: StatusDeps;
  readonly #lastSeen = new Map<BoxId, { readonly at: number; readonly address: string }>();

  constructor(deps: StatusDeps) {
    this.#deps = deps;
    deps.transport.onLink(({ kind, box, address }) => {
      if (kind === "down") this.#lastSeen.set(box, { at: deps.wallClock(), address });
    });
  }

  async status(): Promise<Status> {
    const { node, transport, drill, config, serverName, clientUrl, wallClock } = this.#deps;
    const members = this.#members().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return {
      server_name: serverName,
      now: wallClock(),
      self: transport.self,
      client_url: clientUrl,
      registration_open: config.registration.open,
      isolated_until: drill.state.until,
      removed: node.isRemoved,
      store: this.#deps.store(),
      scrub: this.#deps.scrub(),
      journal: this.#journal(),
      dns: this.#deps.dns(),
      boxes: await Promise.all(members.map((member) => this.#boxStatus(member))),
    };
  }

  #journal(): JournalStatus {
    const { node, config } = this.#deps;
    const { entries, length, heldFor } = node.truncator.report();
    return {
      entries,
      bytes: length,
      held_max: config.mesh.journal_held,
      held_for: [...heldFor].map(([box, lacks]) => ({ box, entries: lacks })),
    };
  }

  /** This box is shown even when no list has it, or none any more. */
  #members(): BoxRecord[] {
    const { node, transport, config } = this.#deps;
    const members = [...node.membership.members()];
    if (members.some(({ box }) => box === transport.self)) return members;
    const self = { box: transport.self, peerId: "", addresses: [], added: 0 };
    return [...members, { ...self, name: config.box.name }];
  }

  async #boxStatus({ box, name, addresses }: BoxRecord): Promise<BoxStatus> {
    const { transport, facts, node, startedAt } = this.#deps;
    const link = transport.links().find((l) => l.box === box);
    const isSelf = box === transport.self;
    const seen = this.#lastSeen.get(box);
    const linked = link?.address ?? seen?.address;
    const told = await facts.of(box);
    return {
      box,
      name,
      up: isSelf || link !== undefined,
      foreign: node.replicator.foreign().has(box),
      since: isSelf ? startedAt : (link?.since ?? seen?.at ?? null),
      address: isSelf
        ? (usableElsewhere(transport.addresses())[0] ?? null)
        : ((linked && shownAddress(linked, addresses)) ?? addresses[0] ?? null),
      version: told?.version ?? null,
      behind: isSelf ? this.#ownLag() : (node.replicator.lags().get(box) ?? null),
      disk_used_bytes: told?.diskUsedBytes ?? null,
      disk_free_bytes: told?.diskFreeBytes ?? null,
      memory_bytes: told?.memoryBytes ?? null,
    };
  }

  /** Transactions that a connected box has said it has and this one lacks. */
  #ownLag(): number {
    const { ledger, replicator } = this.#deps.node;
    const best = new Map<Origin, number>();
    for (const vector of replicator.vectors().values()) {
      for (const [origin, seq] of Object.entries(vector) as [Origin, number][]) {
        best.set(origin, Math.max(best.get(origin) ?? 0, seq));
      }
    }
    let missing = 0;
    for (const [origin, seq] of best) {
      if (!covers(ledger.vector, { origin, seq })) missing += seq - (ledger.vector[origin] ?? 0);
    }
    return missing;
  }
}
