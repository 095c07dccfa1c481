import { DelayedSending } from "../../core/delayed/delayed-sending.ts";
import { PushLane } from "../../core/push/push-lane.ts";
import { TwinLane } from "../../core/rooms/twin-lane.ts";
import type { HttpClient } from "../../core/ports.ts";
import type { Services } from "../../core/services.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import { Outbox } from "../../mesh/outbox/outbox.ts";
import type { Transport } from "../../mesh/transport/transport.ts";

/** What a box does outside of the mesh. `start` it once the node has begun its life. */
export function openOutbox(
  node: MeshNode,
  services: Services,
  transport: Transport,
  http: HttpClient,
): Outbox {
  const { timers, random, logger } = services;
  return new Outbox({
    state: node.state,
    ledger: node.ledger,
    runner: node.settling,
    transport,
    timers,
    random,
    logger,
    now: () => services.now(),
    members: () => node.memberIds(),
    takesWrites: () => node.writeRefusal === undefined,
    isCaughtUp: () => services.isCaughtUp(),
    appointments: new DelayedSending(services),
    lanes: [new PushLane({ ...services, http }), new TwinLane(services)],
  });
}
