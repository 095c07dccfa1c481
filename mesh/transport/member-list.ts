import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import type { BoxId } from "../../core/ids.ts";
import type { Logger } from "../../core/ports.ts";
import { LEARNED_ADDRESSES_MAX } from "./constants.ts";
import { boxIdOf, publicKeyOf } from "./identity.ts";
import type { Member } from "./transport.ts";

/** Who may take part, and where they were last known to be. */
export class MemberList {
  private readonly self: BoxId;
  private readonly logger: Logger;
  private readonly bootstrap: readonly string[];
  private byBox = new Map<BoxId, Member>();
  private byPeerId = new Map<string, Member>();
  /** Newest first; from identify, mDNS and lookups. Forgotten at a restart. */
  private readonly learned = new Map<BoxId, string[]>();

  /** `bootstrap`: where any member may be, for all that is known; the handshake tells who answers. */
  constructor(self: BoxId, logger: Logger, bootstrap: readonly string[] = []) {
    this.self = self;
    this.logger = logger;
    this.bootstrap = bootstrap;
  }

  /** Replaces the list, this box left out. An entry whose box ID is not its key's is passed over. */
  set(members: readonly Member[]): {
    readonly removed: Member[];
    /** New, or with an address that was not known before. */
    readonly improved: Member[];
  } {
    const others = members.filter((member) => member.box !== this.self && this.isSound(member));
    const before = this.byBox;
    this.byBox = new Map(others.map((member) => [member.box, member]));
    this.byPeerId = new Map(others.map((member) => [member.peerId, member]));
    const removed = [...before.values()].filter(({ peerId }) => !this.byPeerId.has(peerId));
    for (const { box } of removed) this.learned.delete(box);
    const improved = others.filter(({ box, addresses }) => {
      const known = before.get(box)?.addresses;
      return known === undefined || addresses.some((address) => !known.includes(address));
    });
    return { removed, improved };
  }

  all(): Iterable<Member> {
    return this.byBox.values();
  }

  get(box: BoxId): Member | undefined {
    return this.byBox.get(box);
  }

  byPeer(peerId: string): Member | undefined {
    return this.byPeerId.get(peerId);
  }

  /** Remembers where a member says it is; true when that was news. */
  learn(box: BoxId, addresses: readonly string[]): boolean {
    const member = this.byBox.get(box);
    if (member === undefined) return false;
    const old = this.learned.get(box) ?? [];
    const plain = addresses.map(withoutPeer);
    const known = [...member.addresses.map(withoutPeer), ...old];
    const news = plain.some((address) => !known.includes(address));
    const merged = [...new Set([...plain, ...old])].slice(0, LEARNED_ADDRESSES_MAX);
    this.learned.set(box, merged);
    return news;
  }

  /** Where to dial a member: what was learned last, what is remembered, what the owner told. */
  dialAddresses(member: Member): Multiaddr[] {
    const learned = this.learned.get(member.box) ?? [];
    const told = [...member.addresses, ...this.bootstrap].map(withoutPeer);
    const texts = new Set([...learned, ...told]);
    return [...texts].flatMap((text) => {
      try {
        return [multiaddr(text).encapsulate(`/p2p/${member.peerId}`)];
      } catch {
        return [];
      }
    });
  }

  private isSound({ box, peerId }: Member): boolean {
    const publicKey = publicKeyOf(peerId);
    const sound = publicKey !== undefined && boxIdOf(publicKey) === box;
    if (!sound)
      this.logger.warn({ box, peerId }, "member passed over: the box ID is not its key's");
    return sound && peerIdFromString(peerId).toString() === peerId;
  }
}

function withoutPeer(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, "");
}
