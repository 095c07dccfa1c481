import { randomBytes } from "node:crypto";
import type { BoxId } from "../../../core/ids.ts";
import type { Logger, Random, Timers } from "../../../core/ports.ts";
import { peerKeysOf, type PeerKeys } from "../../../mesh/transport/identity.ts";
import { createTransport } from "../../../mesh/transport/libp2p-transport.ts";
import type { MeshTransport } from "../../../mesh/transport/mesh-transport.ts";
import type { LinkEvent, Member } from "../../../mesh/transport/transport.ts";

export const realTimers: Timers = {
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
  elapsed: () => performance.now(),
};

export const realRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function recordingLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    void lines.push({ level, message, fields });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Keys whose box IDs are in ascending order, so that a test knows who opens a link. */
export function sortedKeys(count: number): PeerKeys[] {
  const keys = Array.from({ length: count }, () => peerKeysOf(realRandom.bytes(32)));
  return keys.toSorted((a, b) => (a.box < b.box ? -1 : 1));
}

export interface NodeOptions {
  readonly keys: PeerKeys;
  readonly psk: Uint8Array;
  readonly members?: readonly Member[];
  readonly port?: number;
  readonly mdns?: boolean;
  readonly logger?: Logger;
  readonly timers?: Timers;
}

export function createNode(options: NodeOptions): Promise<MeshTransport> {
  return createTransport({
    keys: options.keys,
    psk: options.psk,
    listen: [`/ip4/127.0.0.1/tcp/${options.port ?? 0}`],
    announce: [],
    mdns: options.mdns ?? false,
    members: options.members ?? [],
    timers: options.timers ?? realTimers,
    random: realRandom,
    logger: options.logger ?? recordingLogger(),
    wallClock: () => Date.now(),
  });
}

export interface Mesh {
  readonly psk: Uint8Array;
  readonly keys: readonly PeerKeys[];
  readonly nodes: readonly MeshTransport[];
  readonly members: readonly Member[];
  /** What each box logged. */
  readonly logs: readonly (readonly LogLine[])[];
  stop(): Promise<void>;
}

export function memberOf(keys: PeerKeys, node: MeshTransport): Member {
  return { box: keys.box, peerId: keys.peerId, addresses: node.addresses() };
}

/** That many boxes on loopback, ascending by box ID, all linked. */
export async function startMesh(count: number): Promise<Mesh> {
  const psk = realRandom.bytes(32);
  const keys = sortedKeys(count);
  const loggers = keys.map(() => recordingLogger());
  const nodes = await Promise.all(
    keys.map((own, index) => createNode({ keys: own, psk, logger: loggers[index]! })),
  );
  await Promise.all(nodes.map((node) => node.start()));
  const members = nodes.map((node, index) => memberOf(keys[index]!, node));
  const linked = Promise.all(nodes.map((node) => linkedTo(node, count - 1)));
  for (const node of nodes) node.setMembers(members);
  await linked;
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  return { psk, keys, nodes, members, logs: loggers.map(({ lines }) => lines), stop };
}

/** Resolves with the first link event that fits; a link that is up counts as one. */
export function nextLink(
  node: MeshTransport,
  kind: LinkEvent["kind"],
  box?: BoxId,
): Promise<LinkEvent> {
  return new Promise((resolve) => {
    const stop = node.onLink((event) => {
      if (event.kind !== kind || (box !== undefined && event.box !== box)) return;
      // It may come before the call returns.
      queueMicrotask(() => stop());
      resolve(event);
    });
  });
}

/** Resolves once the node has that many links. */
export function linkedTo(node: MeshTransport, count: number): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (node.links().length !== count) return;
      queueMicrotask(() => stop());
      resolve();
    };
    const stop = node.onLink(check);
    check();
  });
}

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
export const bytes = (content: string): Uint8Array => new Uint8Array(Buffer.from(content));
