import { randomBytes } from "node:crypto";
import { useAccessToken } from "../../core/account/refresh.ts";
import { signingKey } from "../../core/event/sign.ts";
import type { BoxId, ServerName } from "../../core/ids.ts";
import type { HttpClient, Logger } from "../../core/ports.ts";
import type { ServerSettings, Services } from "../../core/services.ts";
import { clientEndpoints } from "../../api/client/index.ts";
import { createApi } from "../../api/server.ts";
import type { Answer, Api } from "../../api/server.ts";
import { includes } from "../../core/vector.ts";
import type { Vector } from "../../core/vector.ts";
import { openOutbox } from "../../bin/box/open-outbox.ts";
import { createServices } from "../../bin/services.ts";
import { systemTimers } from "../../bin/timers.ts";
import { MeshNode } from "../../mesh/mesh-node.ts";
import { putBox } from "../../mesh/membership/membership.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import type { JournalLimits } from "../../mesh/replica/truncator.ts";
import { MemoryDisk, MemoryStore } from "../../mesh/store/memory-store.ts";
import type { Store } from "../../mesh/store/store.ts";
import { fakeBlobs } from "./fake-services.ts";
import { MemorySpare } from "./memory-spare.ts";
import { MemoryNetwork } from "./memory-network.ts";
import type { MemoryTransport } from "./memory-network.ts";

export const TEST_SERVER = "hearth.test" as ServerName;

export interface TestBox {
  readonly node: MeshNode;
  readonly transport: MemoryTransport;
  readonly services: Services;
  readonly api: Api;
  readonly disk: MemoryDisk;
  /** Resolves when the box has copied another one's store and stopped: start it again on this disk. */
  readonly renewed: Promise<MemoryDisk>;
  stop(): Promise<void>;
}

export interface TestBoxOptions {
  readonly box?: BoxId;
  readonly serverName?: ServerName;
  readonly network?: MemoryNetwork;
  readonly disk?: MemoryDisk;
  /** In place of one on `disk`; closed by whoever opened it. */
  readonly store?: Store;
  /** What has to happen before the box begins a new life. */
  readonly beforeStart?: (node: MeshNode) => Promise<void>;
  readonly settings?: Partial<ServerSettings>;
  readonly wallClock?: () => number;
  /** Members as known before the start: they are met before the box begins a life. */
  readonly remembered?: readonly BoxRecord[];
  readonly observe?: (answer: Answer) => void;
  readonly blobs?: Services["blobs"];
  readonly logger?: Logger;
  /** Push gateways; without it none can be reached. */
  readonly http?: HttpClient;
  readonly journalLimits?: JournalLimits;
}

const quiet = (): void => undefined;
const QUIET: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const UNREACHABLE: HttpClient = { postJson: () => Promise.reject(new Error("unreachable")) };
const SEED = new Uint8Array(32).fill(1);

/** A whole box in this process: the real core, mesh and API over a store and a network in memory. */
export async function oneBox(options: TestBoxOptions = {}): Promise<TestBox> {
  const { network = new MemoryNetwork(), disk = new MemoryDisk(), logger = QUIET } = options;
  const transport = network.join(options.box ?? ("aaaaaaaa" as BoxId));
  const { serverName = TEST_SERVER } = options;
  const key = signingKey(serverName, "ed25519:test", SEED);
  const random = { bytes: (length: number): Uint8Array => new Uint8Array(randomBytes(length)) };
  const wallClock = options.wallClock ?? ((): number => performance.timeOrigin + performance.now());
  const { promise: renewed, resolve } = Promise.withResolvers<MemoryDisk>();
  const spare = new MemorySpare(resolve);
  const node = await MeshNode.open({
    store: options.store ?? new MemoryStore(disk),
    spare,
    ...(options.journalLimits ? { journalLimits: options.journalLimits } : {}),
    transport,
    timers: systemTimers,
    random,
    wallClock,
    remembered: options.remembered ?? [],
    serverName,
    signingKey: key,
    logger,
    ack: { policy: "reachable", waitMs: 250 },
  });
  const services = createServices({
    node,
    transport,
    blobs: options.blobs ?? fakeBlobs(),
    serverName,
    settings: { ...TEST_SETTINGS, ...options.settings },
    signingKey: key,
    tokenKeys: [{ kid: "test", key: new Uint8Array(32).fill(2) }],
    random,
    timers: systemTimers,
    logger,
  });
  await options.beforeStart?.(node);
  const outbox = openOutbox(node, services, transport, options.http ?? UNREACHABLE);
  await node.start();
  outbox.start();
  const api = createApi({
    services,
    endpoints: clientEndpoints,
    authenticate: (token) => useAccessToken(services, token),
    notReady: () => node.renewalRefusal,
    ...(options.observe ? { observe: options.observe } : {}),
  });
  const stop = async (): Promise<void> => {
    api.stop();
    await outbox.stop();
    await node.stop();
  };
  node.onOutgrown(() => {
    void stop().then(async () => (await node.renewal.finish()) && spare.swap());
  });
  return { node, transport, services, api, disk, renewed, stop };
}

const TEST_SETTINGS: ServerSettings = {
  publicBaseUrl: undefined,
  openRegistration: true,
  registrationTokens: [],
  uploadBytesMax: 1024 * 1024,
  turn: undefined,
  rateLimits: false,
  version: "0.0.0-test",
};

/** Boxes of one mesh in this process, which see each other until the network says otherwise. */
export async function someBoxes(
  count: number,
  options: Omit<TestBoxOptions, "box" | "network" | "disk"> = {},
): Promise<{ readonly boxes: TestBox[]; readonly network: MemoryNetwork }> {
  const network = new MemoryNetwork();
  const boxes: TestBox[] = [];
  for (let i = 0; i < count; i++) {
    const box = "abcdefg".charAt(i).repeat(8) as BoxId;
    const started = await oneBox({ ...options, box, network });
    boxes.push(started);
    await untilMeshed(boxes);
    await boxes[0]?.node.runner.run(putBox, {
      box,
      name: `box${i + 1}`,
      peerId: `peer-${box}`,
      addresses: [],
      added: 0,
    });
  }
  return { boxes, network };
}

/** Waits until each box has heard from all others and all have the same on disk. */
export async function untilMeshed(boxes: readonly TestBox[]): Promise<void> {
  const vectorOf = ({ node: { ledger } }: TestBox): Vector => ledger.vector;
  const isMeshed = ({ node }: TestBox): boolean =>
    node.replicator.vectors().size === boxes.length - 1 &&
    boxes.every((other) => includes(node.ledger.vector, vectorOf(other)));
  while (!boxes.every(isMeshed)) await new Promise((resolve) => setImmediate(resolve));
}

/** A box for one test. */
export async function withBox(run: (box: Services) => Promise<void>): Promise<void> {
  const box = await oneBox();
  try {
    await run(box.services);
  } finally {
    await box.stop();
  }
}
