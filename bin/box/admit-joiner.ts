import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import type { Services } from "../../core/services.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import { BOXES_MAX, putBox } from "../../mesh/membership/membership.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import { boxIdOf, publicKeyOf } from "../../mesh/transport/identity.ts";
import type { JoinRequest } from "../../mesh/transport/join-sealing.ts";
import { TransportError } from "../../mesh/transport/transport.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import { boxName } from "../config/text-rules.ts";
import { encodeJoinGrant } from "../home/join-grant.ts";
import type { Secrets } from "../home/secrets.ts";
import { attendanceWithin } from "./majority.ts";

/**
 * How long a joiner waits for most of the boxes to be connected, milliseconds: the one that joined before it
 * may just be starting. Well within the 30 s that a joiner may stay.
 */
const CONNECT_WAIT_MS = 15_000;

const REMOVED =
  "This box was removed from the mesh. To join as a new one, empty its home folder and ask again.";

export interface AdmitDeps {
  readonly services: Pick<Services, "runner" | "serverName" | "now">;
  readonly node: Pick<MeshNode, "membership" | "memberIds">;
  readonly transport: Pick<Transport, "self" | "links" | "onLink">;
  readonly timers: Timers;
  readonly secrets: Secrets;
}

/** Makes a joiner a member of the mesh; resolves with what makes it one, to be sealed. */
export function admitJoiner(deps: AdmitDeps) {
  const { services, node, secrets } = deps;
  return async ({ peerId, name, addresses }: JoinRequest): Promise<Uint8Array> => {
    const publicKey = publicKeyOf(peerId);
    if (!publicKey) throw new TransportError("refused", "The peer key of the box is unusable.");
    if (!boxName.test(name)) {
      throw new TransportError("refused", `The name of a box has ${boxName.expected}.`);
    }
    const box = boxIdOf(publicKey);
    if (node.membership.isRemoved(box)) throw new TransportError("refused", REMOVED);
    await untilMostAreHere(deps, box);
    const others = node.membership.members().filter((member) => member.box !== box);
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

async function untilMostAreHere(
  { node, transport, timers }: AdmitDeps,
  joiner: BoxId,
): Promise<void> {
  const others = (): BoxId[] => node.memberIds().filter((box) => box !== joiner);
  const seen = await attendanceWithin(CONNECT_WAIT_MS, transport, others, timers);
  if (seen.isMost) return;
  throw new TransportError(
    "refused",
    `Only ${seen.connected} of ${seen.of} boxes are connected. A new one needs most of them, so that two ` +
      "sides which cannot see each other do not both go on alone. Switch the others on, or remove those " +
      "that are gone for good.",
  );
}
