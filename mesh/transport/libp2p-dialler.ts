import { peerIdFromString } from "@libp2p/peer-id";
import type { BoxId } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import { DIAL_MS, LINK_OPEN_MS, LOOKUP_FROM_ATTEMPT, LOOKUP_MS } from "./constants.ts";
import { Deadline } from "./deadline.ts";
import type { Host } from "./libp2p-host.ts";
import type { LinkSet } from "./link-set.ts";
import type { MemberList } from "./member-list.ts";
import { TransportError, type Member } from "./transport.ts";

/** What dialling needs of the host and the links. */
export type DialHost = Pick<Host, "dial" | "peerRouting">;
export type DialLinks = Pick<LinkSet, "isUp" | "list">;

/** Makes one attempt at a link: remembered addresses first, then where the other boxes saw it. */
export class MemberDialler {
  private readonly host: DialHost;
  private readonly members: MemberList;
  private readonly links: DialLinks;
  private readonly deps: { readonly timers: Timers; readonly logger: Logger };
  private readonly waiting = new Map<BoxId, () => void>();

  constructor(
    host: DialHost,
    members: MemberList,
    links: DialLinks,
    deps: { readonly timers: Timers; readonly logger: Logger },
  ) {
    this.host = host;
    this.members = members;
    this.links = links;
    this.deps = deps;
  }

  /** Resolves once the link is up; rejects with a TransportError in bounded time. */
  async dial(box: BoxId, attempt: number): Promise<void> {
    const member = this.members.get(box);
    if (member === undefined || this.links.isUp(box)) return;
    if (attempt >= LOOKUP_FROM_ATTEMPT && this.links.list().length > 0) await this.lookUp(member);
    await this.connect(member, attempt);
    await this.linkUp(box);
  }

  /** The link to this box came up, or the attempt at it ended. */
  settle(box: BoxId): void {
    this.waiting.get(box)?.();
  }

  settleAll(): void {
    for (const settle of this.waiting.values()) settle();
  }

  private async connect(member: Member, attempt: number): Promise<void> {
    const addresses = this.members.dialAddresses(member);
    if (addresses.length === 0) throw new TransportError("link_down", "No address is known");
    // Another one goes first each time, lest a few black holes use up the time of all dials.
    const first = attempt % addresses.length;
    const deadline = new Deadline(this.deps.timers, DIAL_MS);
    try {
      const { signal } = deadline;
      await this.host.dial([...addresses.slice(first), ...addresses.slice(0, first)], { signal });
    } finally {
      deadline.cancel();
    }
  }

  private async linkUp(box: BoxId): Promise<void> {
    if (this.links.isUp(box)) return;
    await new Promise<void>((resolve) => {
      const timer = this.deps.timers.after(LINK_OPEN_MS, resolve);
      this.waiting.set(box, () => {
        timer.cancel();
        resolve();
      });
    });
    this.waiting.delete(box);
    if (!this.links.isUp(box)) throw new TransportError("link_down", "Connected, but no link");
  }

  /** Asks the other boxes, over the DHT, where a member is now. Its failure is no news. */
  private async lookUp({ box, peerId }: Member): Promise<void> {
    const peer = peerIdFromString(peerId);
    const deadline = new Deadline(this.deps.timers, LOOKUP_MS);
    const { signal } = deadline;
    try {
      // Not from our own memory: that is what just failed.
      const found = await this.host.peerRouting.findPeer(peer, { signal, useCache: false });
      this.members.learn(box, found.multiaddrs.map(String));
    } catch (error) {
      this.deps.logger.debug({ box, err: error }, "lookup failed");
    } finally {
      deadline.cancel();
    }
  }
}
