import nacl from "tweetnacl";
import type { Random } from "../../core/ports.ts";
import { peerKeysOf } from "../../mesh/transport/identity.ts";
import { parseInvitation } from "../../mesh/transport/invitation.ts";
import { requestJoin } from "../../mesh/transport/join-protocol.ts";
import {
  newAnswerKeys,
  openJoinAnswer,
  sealJoinRequest,
} from "../../mesh/transport/join-sealing.ts";
import { toMultiaddr } from "../box/addresses.ts";
import { systemTimers } from "../timers.ts";
import type { JoinRequest } from "./join-home.ts";

/** How long the whole exchange may take, in milliseconds: some addresses may be black holes. */
const JOIN_WAIT_MS = 30_000;

const random: Random = { bytes: (length) => nacl.randomBytes(length) };

/** Asks the inviting box to let a new one in, over the mesh's own protocol. */
export async function requestJoinOverMesh(request: JoinRequest): Promise<Uint8Array> {
  const invitation = parseInvitation(request.code, Date.now());
  const keys = peerKeysOf(request.boxSeed);
  const answerKeys = newAnswerKeys(random);
  const about = {
    peerId: keys.peerId,
    name: request.name,
    addresses: request.addresses.map(toMultiaddr),
    answerKey: answerKeys.publicKey,
  };
  const sealed = await requestJoin({
    keys,
    psk: invitation.psk,
    inviterPeerId: invitation.inviterPeerId,
    addresses: invitation.addresses,
    body: sealJoinRequest(invitation, about, random),
    timeoutMs: JOIN_WAIT_MS,
    timers: systemTimers,
  });
  const grant = openJoinAnswer(sealed, answerKeys.secretKey);
  if (grant === undefined) throw new Error("the answer of the inviting box was changed on its way");
  return grant;
}
