import type { Random, Timers } from "../../core/ports.ts";
import {
  createInvitation,
  INVITE_ID_BYTES,
  INVITE_SECRET_BYTES,
} from "../../mesh/transport/invitation.ts";
import { inviteIdOf, openJoinRequest, sealJoinAnswer } from "../../mesh/transport/join-sealing.ts";
import type { JoinRequest } from "../../mesh/transport/join-sealing.ts";
import type { MeshTransport } from "../../mesh/transport/libp2p-transport.ts";
import { TransportError } from "../../mesh/transport/transport.ts";
import { ControlError } from "../control/error.ts";
import type { Invitation } from "../control/protocol.ts";

/** Codes that may be open at one time on one box. */
const OPEN_INVITATIONS_MAX = 16;

export interface InvitationDeps {
  readonly transport: MeshTransport;
  readonly peerId: string;
  readonly psk: Uint8Array;
  readonly serverName: string;
  readonly random: Random;
  readonly timers: Timers;
  readonly wallClock: () => number;
  /** Makes the joiner a member, for good, and resolves with what it needs to know. */
  readonly admit: (joiner: JoinRequest) => Promise<Uint8Array>;
}

interface Open {
  readonly secret: Uint8Array;
  readonly expiresAt: number;
  /** The same by `timers.elapsed()`: a clock that is set back must not keep a code alive. */
  readonly endsAt: number;
  /** The peer that was let in: it may ask again, since its answer may be lost. */
  usedBy: string | undefined;
}

/**
 * Invitations of this box, kept in memory: a code is void once the box that made it restarts.
 * Strangers may knock only while one is open, and each lets one box in.
 */
export class Invitations {
  readonly #deps: InvitationDeps;
  readonly #open = new Map<string, Open>();
  #timer: { cancel(): void } | undefined;

  constructor(deps: InvitationDeps) {
    this.#deps = deps;
    deps.transport.onJoinRequest((peerId, body) => this.#answer(peerId, body));
  }

  create(ttlSeconds: number): Invitation {
    const { psk, random, transport, peerId, serverName, wallClock, timers } = this.#deps;
    this.#sweep();
    if (this.#open.size >= OPEN_INVITATIONS_MAX) {
      throw new ControlError("conflict", "Too many invitations are open; let some expire first.");
    }
    const secret = random.bytes(INVITE_SECRET_BYTES);
    const inviteId = random.bytes(INVITE_ID_BYTES);
    const expiresAt = wallClock() + ttlSeconds * 1000;
    const endsAt = timers.elapsed() + ttlSeconds * 1000;
    const id = Buffer.from(inviteId).toString("hex");
    this.#open.set(id, { secret, expiresAt, endsAt, usedBy: undefined });
    this.#sweep();
    const addresses = transport.addresses();
    const invitation = { psk, secret, inviteId, expiresAt, addresses, serverName };
    const code = createInvitation({ ...invitation, inviterPeerId: peerId });
    return { code, expires_at: expiresAt };
  }

  stop(): void {
    this.#timer?.cancel();
    this.#open.clear();
  }

  async #answer(peerId: string, sealed: Uint8Array): Promise<Uint8Array> {
    this.#sweep();
    const id = inviteIdOf(sealed);
    const open = id && this.#open.get(Buffer.from(id).toString("hex"));
    if (!open) throw new TransportError("refused", "This invitation has expired or was withdrawn.");
    const request = openJoinRequest(sealed, open.secret, peerId);
    if (!request) throw new TransportError("refused", "The invitation does not fit this request.");
    if (open.usedBy !== undefined && open.usedBy !== peerId) {
      throw new TransportError("refused", "This invitation was used already. Ask for a new one.");
    }
    const { admit, random } = this.#deps;
    const before = open.usedBy;
    open.usedBy = peerId;
    try {
      return sealJoinAnswer(await admit(request), request.answerKey, random);
    } catch (error) {
      // Nobody was let in by this: unless somebody was before, a better request, with another name say, may be.
      open.usedBy = before;
      throw error;
    }
  }

  /** Forgets what has expired, and looks again when the next one does. */
  #sweep(): void {
    const { wallClock, timers, transport } = this.#deps;
    let next = Number.POSITIVE_INFINITY;
    for (const [id, { expiresAt, endsAt }] of this.#open) {
      const left = Math.min(expiresAt - wallClock(), endsAt - timers.elapsed());
      if (left <= 0) this.#open.delete(id);
      else next = Math.min(next, left);
    }
    transport.allowJoiners(this.#open.size > 0);
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#open.size === 0) return;
    this.#timer = timers.after(next, () => this.#sweep());
  }
}
