import type { Services } from "../../core/services.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import { BOXES_MAX, putBox } from "../../mesh/membership/membership.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import { boxIdOf, publicKeyOf } from "../../mesh/transport/identity.ts";
import type { JoinRequest } from "../../mesh/transport/join-sealing.ts";
import { TransportError } from "../../mesh/transport/transport.ts";
import { boxName } from "../config/text-rules.ts";
import { encodeJoinGrant } from "../home/join-grant.ts";
import type { Secrets } from "../home/secrets.ts";

export interface AdmitDeps {
  readonly services: Services;
  readonly node: MeshNode;
  readonly secrets: Secrets;
}

/** Makes a joiner a member of the mesh; resolves with what makes it one, to be sealed. */
export function admitJoiner({ services, node, secrets }: AdmitDeps) {
  return async ({ peerId, name, addresses }: JoinRequest): Promise<Uint8Array> => {
    const publicKey = publicKeyOf(peerId);
    if (!publicKey) throw new TransportError("refused", "The peer key of the box is unusable.");
    if (!boxName.test(name)) {
      throw new TransportError("refused", `The name of a box has ${boxName.expected}.`);
    }
    const box = boxIdOf(publicKey);
    const members = node.membership.members();
    const others = members.filter((member) => member.box !== box);
    if (others.length >= BOXES_MAX) {
      throw new TransportError("refused", `A mesh has at most ${BOXES_MAX} boxes.`);
    }
    if (others.some((member) => member.name === name)) {
      throw new TransportError("refused", `There is a box named ${name} already.`);
    }
    const added = millisecondsOf(services.now());
    await services.runner.run(putBox, { box, name, peerId, addresses, added });
    return encodeJoinGrant({
      serverName: services.serverName,
      secrets,
      members: others,
    });
  };
}
