import type { ConnectionGater, PeerId, StreamHandler, Topology } from "@libp2p/interface";
import type { Registrar } from "@libp2p/interface-internal";

/** Who may connect now. Asked at every step, so that a change of the members works at once. */
export interface GatePolicy {
  isolated(): boolean;
  isMember(peerId: string): boolean;
  /** May a peer that is no member connect to us now, to join? */
  admitsJoiner(): boolean;
}

/** Refuses what is no member's as early as its identity is known. */
export function connectionGater(policy: GatePolicy): ConnectionGater {
  const refusesOut = (peer: PeerId): boolean =>
    policy.isolated() || !policy.isMember(peer.toString());
  const refusesIn = (peer: PeerId): boolean =>
    policy.isolated() || (!policy.isMember(peer.toString()) && !policy.admitsJoiner());
  return {
    denyInboundConnection: () => policy.isolated(),
    denyDialMultiaddr: () => policy.isolated(),
    denyDialPeer: refusesOut,
    denyOutboundConnection: refusesOut,
    denyOutboundEncryptedConnection: refusesOut,
    denyOutboundUpgradedConnection: refusesOut,
    denyInboundEncryptedConnection: refusesIn,
    denyInboundUpgradedConnection: refusesIn,
  };
}

/**
 * A registrar through which a libp2p service sees members only. A joiner may be connected too, and
 * services like gossipsub would serve it. (libp2p's own stream middleware is no help: in 3.3 it grows
 * by one handler with each stream.)
 */
export function membersOnly(registrar: Registrar, policy: GatePolicy): Registrar {
  const guardHandler =
    (handler: StreamHandler): StreamHandler =>
    (stream, connection) => {
      if (policy.isMember(connection.remotePeer.toString())) return handler(stream, connection);
      stream.abort(new Error("Members only"));
    };
  const guardTopology = (topology: Topology): Topology => ({
    ...topology,
    onConnect: (peerId, connection) =>
      policy.isMember(peerId.toString()) ? topology.onConnect?.(peerId, connection) : undefined,
  });
  return {
    getProtocols: () => registrar.getProtocols(),
    handle: (protocol, handler, options) =>
      registrar.handle(protocol, guardHandler(handler), options),
    unhandle: (protocol, options) => registrar.unhandle(protocol, options),
    getHandler: (protocol) => registrar.getHandler(protocol),
    use: (protocol, middleware) => registrar.use(protocol, middleware),
    unuse: (protocol) => registrar.unuse(protocol),
    getMiddleware: (protocol) => registrar.getMiddleware(protocol),
    register: (protocol, topology, options) =>
      registrar.register(protocol, guardTopology(topology), options),
    unregister: (id) => registrar.unregister(id),
    getTopologies: (protocol) => registrar.getTopologies(protocol),
  };
}
