import type { ServerName } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import type { DrillSwitch } from "../box/drill.ts";
import type { Config } from "../config/schema.ts";
import { DnsKeeper } from "./dns-keeper.ts";
import { runProgram } from "./program.ts";
import { Sightings } from "./sightings.ts";

export interface DnsParts {
  readonly config: Pick<Config, "dns">;
  readonly serverName: ServerName;
  readonly node: MeshNode;
  readonly transport: Transport;
  /** Why clients are not answered, if they are not. */
  readonly notReady: () => string | undefined;
  readonly drill: Pick<DrillSwitch, "state">;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Every box says whether it serves; those whose owner gave them a program keep the DNS records, from `start` on. */
export function openDns({
  config,
  serverName,
  node,
  transport,
  notReady,
  drill,
  ...base
}: DnsParts): DnsKeeper {
  const { program, patience_s: patienceS } = config.dns;
  let hasCaughtUp = false;
  const serves = (): boolean => {
    hasCaughtUp ||= node.replicator.isCaughtUp();
    return keeper.isStarted && hasCaughtUp && notReady() === undefined;
  };
  const sightings = new Sightings({ ...base, transport, serves, keeps: program !== undefined });
  const keeper = new DnsKeeper({
    ...base,
    self: transport.self,
    serverName,
    sightings,
    members: () => node.membership.members(),
    isIsolated: () => drill.state.isolated,
    run:
      program === undefined ? undefined : (listing, signal) => runProgram(program, listing, signal),
    patienceMs: patienceS * 1000,
  });
  return keeper;
}
