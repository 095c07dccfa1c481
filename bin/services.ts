import { takeOwnOneTimeKey } from "../core/key/claim-keys.ts";
import type { Blobs, Boxes, Logger, Random, Timers } from "../core/ports.ts";
import type { ServerName } from "../core/ids.ts";
import type { ServerSettings, Services, TokenKey } from "../core/services.ts";
import type { SigningKey } from "../core/event/sign.ts";
import { MeshBoxes } from "../mesh/boxes/mesh-boxes.ts";
import type { MeshNode } from "../mesh/mesh-node.ts";
import type { Transport } from "../mesh/transport/transport.ts";

export interface ServiceParts {
  readonly node: MeshNode;
  readonly transport: Transport;
  readonly blobs: Blobs;
  readonly serverName: ServerName;
  readonly settings: ServerSettings;
  readonly signingKey: SigningKey;
  readonly tokenKeys: readonly TokenKey[];
  readonly random: Random;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Gives core its ports. */
export function createServices(parts: ServiceParts): Services {
  const { node, transport, logger } = parts;
  const members = (): ReturnType<MeshNode["memberIds"]> => node.memberIds();
  const mayHandOut: Boxes["mayHandOut"] = (life) => node.mayHandOut(life);
  const boxes = new MeshBoxes({ transport, members, mayHandOut, logger });
  const services: Services = {
    ...parts,
    reader: node.state,
    documents: node.documents,
    runner: node.runner,
    notifier: node.notifier,
    claims: node.claims,
    ephemeral: node.ephemeral,
    boxes,
    now: () => node.clock.now(),
    isCaughtUp: () => node.replicator.isCaughtUp(),
  };
  boxes.serve((wish) => takeOwnOneTimeKey(services, wish));
  return services;
}
