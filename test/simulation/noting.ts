import type { BoxId } from "../../core/ids.ts";
import type { Command, Env, Runner } from "../../core/ports.ts";
import type { Draft } from "../../core/transaction/draft.ts";
import type { HybridTime } from "../../core/transaction/records.ts";
import type { Dot } from "../../core/vector.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import type { Peer } from "../../mesh/replica/peer.ts";
import type { BoxTimers } from "./sim-clock.ts";

/** A write that the box called done. */
export interface Acknowledged {
  readonly box: BoxId;
  readonly time: HybridTime;
  readonly dot: Dot;
  /** Simulated milliseconds: when the command ran. */
  readonly beganMs: number;
  /** From then to the acknowledgement. */
  readonly tookMs: number;
  /** Boxes that were connected all the while, and kept up. */
  readonly inReach: readonly BoxId[];
}

/** Tells of each write that was acknowledged, by its place in time. */
export function noting(
  node: Pick<MeshNode, "runner" | "ledger" | "replicator">,
  box: BoxId,
  timers: BoxTimers,
  tell: (write: Acknowledged) => void,
): Runner {
  /** Who was in reach when an entry was on disk here, by its sequence: from then on the box waits. */
  const waitedFor = new Map<number, Set<Peer>>();
  node.ledger.onFlushed((entries) => {
    const peers = peersInReach(node);
    for (const { transaction } of entries) {
      if (transaction.origin === node.ledger.life) waitedFor.set(transaction.seq, peers);
    }
  });
  return {
    async run<I, R>(command: Command<I, R>, input: I): Promise<R> {
      const beganMs = timers.elapsed();
      const before = peersInReach(node);
      let place: Pick<Acknowledged, "time" | "dot"> | undefined;
      const observed = (draft: Draft, given: I, env: Env): R => {
        const seq = (node.ledger.lastOwn?.seq ?? 0) + 1;
        const reply = command(draft, given, env);
        if (draft.records.length > 0) {
          place = { time: env.time, dot: { origin: node.ledger.life, seq } };
        }
        return reply;
      };
      const reply = await node.runner.run(observed, input);
      if (place === undefined) return reply;
      // The same peer: the link did not go down in between.
      const after = peersInReach(node);
      const during = waitedFor.get(place.dot.seq) ?? after;
      const inReach = [...before].filter((peer) => during.has(peer) && after.has(peer));
      tell({
        box,
        ...place,
        beganMs,
        tookMs: timers.elapsed() - beganMs,
        inReach: inReach.map(({ box }) => box),
      });
      return reply;
    },
  };
}

function peersInReach({ ledger, replicator }: Pick<MeshNode, "ledger" | "replicator">): Set<Peer> {
  const positions = ledger.positions();
  return new Set(replicator.peers().filter((peer) => peer.vector && peer.keepsUp(positions)));
}
