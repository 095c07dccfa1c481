import nacl from "tweetnacl";
import { clientEndpoints } from "../api/client/index.ts";
import { createApi } from "../api/server.ts";
import { useAccessToken } from "../core/account/refresh.ts";
import { signingKey } from "../core/event/sign.ts";
import { parseServerName } from "../core/ids.ts";
import type { BoxId, ServerName } from "../core/ids.ts";
import { assert } from "../core/errors.ts";
import type { Logger, Random } from "../core/ports.ts";
import type { Services } from "../core/services.ts";
import { copyBlobs, openBlobs } from "../mesh/media/blobs.ts";
import type { BlobStore } from "../mesh/media/blob-store.ts";
import { MeshNode } from "../mesh/mesh-node.ts";
import type { CheckedStore } from "../mesh/store/check.ts";
import { openCheckedStore } from "../mesh/store/check.ts";
import { hasRemains } from "../mesh/store/salvage.ts";
import { upgradeStore } from "../mesh/store/format.ts";
import { SpareFolder } from "../mesh/store/spare-folder.ts";
import { peerKeysOf } from "../mesh/transport/identity.ts";
import type { PeerKeys } from "../mesh/transport/identity.ts";
import { createTransport } from "../mesh/transport/libp2p-transport.ts";
import type { MeshTransport } from "../mesh/transport/libp2p-transport.ts";
import { serveDesk } from "../mesh/verify/serve-desk.ts";
import { VerifyDesk } from "../mesh/verify/verify-desk.ts";
import { listenAddresses, toMultiaddr } from "./box/addresses.ts";
import { announceSelf } from "./box/announce-self.ts";
import { admitJoiner } from "./box/admit-joiner.ts";
import type { BoxFactsExchange } from "./box/box-facts.ts";
import { catchUp } from "./box/catch-up.ts";
import { controlHandlers } from "./box/control-handlers.ts";
import { DrillSwitch } from "./box/drill.ts";
import { Invitations } from "./box/invitations.ts";
import { listen } from "./box/listen.ts";
import { MeshDrill, writeDrill } from "./box/mesh-drill.ts";
import { openOutbox } from "./box/open-outbox.ts";
import { openHealth, openScrub } from "./box/open-scrub.ts";
import { MarkKeeper } from "./box/mark-keeper.ts";
import { rememberMembers } from "./box/remember-members.ts";
import { Repair } from "./box/repair.ts";
import type { RotWatch } from "./box/rot-watch.ts";
import { SuddenEnds } from "./box/sudden-ends.ts";
import { refusalOf, storeStatus } from "./box/store-status.ts";
import { journalLimitsOf, settingsOf } from "./box/settings.ts";
import { StatusReport } from "./box/status-report.ts";
import { Verifier } from "./box/verify.ts";
import type { Config } from "./config/schema.ts";
import type { ControlHandlers } from "./control/protocol.ts";
import { openDns } from "./dns/open-dns.ts";
import type { HomeMember } from "./home/members.ts";
import { loadMembers } from "./home/members.ts";
import { homePaths } from "./home/paths.ts";
import type { Secrets } from "./home/secrets.ts";
import { loadSecrets } from "./home/secrets.ts";
import { outgoingHttp } from "./outgoing/http-client.ts";
import { createServices } from "./services.ts";
import { systemTimers } from "./timers.ts";
import { version } from "./version.ts";

/** A box that runs. */
export interface Box {
  /** What `meshctl` may ask for. */
  readonly control: ControlHandlers;
  /** Ends long polls, drains requests, closes the mesh and the store, in this order. */
  stop(): Promise<void>;
  /** Resolves, with the rest of "starting again …", when the box has to be stopped and started again. */
  readonly outgrown: Promise<string>;
}

/** Why a box that was removed answers no clients: what it took would reach nobody. */
const REMOVED = "This box was removed from the mesh; use another one.";

const random: Random = { bytes: (length) => nacl.randomBytes(length) };
const wallClock = (): number => Date.now();

/** What is read from the home before anything starts. */
interface Home {
  readonly home: string;
  readonly config: Config;
  readonly log: Logger;
  readonly serverName: ServerName;
  readonly secrets: Secrets;
  readonly keys: PeerKeys;
  readonly members: readonly HomeMember[];
}

/** Puts core, mesh and api together on the files of one home. `stopping` cuts its waits short. */
export async function startBox(
  config: Config,
  home: string,
  log: Logger,
  stopping: AbortSignal,
): Promise<Box> {
  const paths = homePaths(home);
  const secrets = loadSecrets(paths.secrets);
  const serverName = parseServerName(config.server_name);
  assert(serverName, "the configuration was checked");
  const keys = peerKeysOf(secrets.boxSeed);
  const remembered = loadMembers(paths.members);
  if (remembered === undefined) log.warn({ file: paths.members }, "the list of members is lost");
  const members = remembered ?? [];
  const from: Home = { home, config, log, serverName, secrets, keys, members };
  // Where nobody knows who else there is, there may be others, and an empty store is not the truth.
  const mayHaveOthers = remembered?.some(({ box }) => box !== keys.box) ?? true;
  const base = { timers: systemTimers, logger: log };
  const ends = await SuddenEnds.open(home, systemTimers, log);
  const checked = await openCheckedStore(home, newStoreId, { isJoining: mayHaveOthers });
  await upgradeStore(checked.store, log);
  if (checked.reason !== undefined)
    log.warn({ reason: checked.reason }, "the store has to be filled");
  const transport = await openTransport(from);
  const spare = new SpareFolder(home);
  const node = await openNode(from, checked, spare, transport);
  const outgrown = new Promise<string>((resolve) => node.onOutgrown(resolve));
  const blobs = await openBlobs(home, { transport, logger: log });
  const services = servicesOf(from, node, transport, blobs);
  const repair = new Repair({ ...base, node }, checked, mayHaveOthers);
  await repair.salvage();
  const { store } = checked;
  const isWell = (): boolean => repair.isDone && !node.isIdle && !node.isRemoved;
  const watched = { ...base, home, store, node, transport, isWell, wallClock, version: version() };
  const { rot, facts } = await openHealth(watched);
  const parts = assemble(from, { node, transport, services, checked, repair, rot, facts });
  const http = outgoingHttp(config.push.allow_addresses, version());
  const outbox = openOutbox(node, services, transport, http);
  await node.start();
  outbox.start();
  repair.watch();
  rot.start(checked.outcome === "ok" ? ends.marked : undefined);
  if (!node.isRemoved && !node.isIdle) {
    await announceSelf(services, { ...from, ...base, transport, membership: node.membership });
  }
  await catchUp(node, stopping);
  const { state: reader, ledger } = node;
  const copier = copyBlobs({ ...base, blobs, ledger, reader, transport });
  const scrub = openScrub({ ...base, config, home, rot, blobs, copier, random });
  const servers = await listen(config, parts.api, log, stopping);
  parts.dns.start();
  const stop = async (): Promise<void> => {
    parts.stopExtras();
    parts.api.stop();
    await Promise.all(servers.map((server) => server.stop()));
    await outbox.stop();
    http.stop();
    // Without links nothing waits for another box any more, which may be frozen.
    await transport.stop();
    await scrub.stop();
    await copier.stop();
    await node.stop();
    const isCopied = await node.renewal.finish();
    await parts.mark.stop();
    await store.close();
    if (isCopied) await spare.swap();
    await ends.stop();
  };
  return { control: parts.control, stop, outgrown };
}

function newStoreId(): string {
  return Buffer.from(random.bytes(12)).toString("base64url");
}

function openTransport({ config, secrets, keys, members, log }: Home): Promise<MeshTransport> {
  const { listen: at, announce, mdns, bootstrap } = config.mesh;
  return createTransport({
    keys,
    psk: secrets.meshPsk,
    listen: listenAddresses(at.host, at.port),
    announce: announce.map(toMultiaddr),
    mdns,
    members,
    bootstrap: bootstrap.map(toMultiaddr),
    timers: systemTimers,
    random,
    logger: log,
    wallClock,
  });
}

async function openNode(
  from: Home,
  checked: CheckedStore,
  spare: SpareFolder,
  transport: MeshTransport,
): Promise<MeshNode> {
  const { config, serverName, secrets, members, log } = from;
  const { keyId, seed } = secrets.signingKey;
  return MeshNode.open({
    store: checked.store,
    spare,
    transport,
    timers: systemTimers,
    random,
    wallClock,
    serverName,
    signingKey: signingKey(serverName, keyId, seed),
    logger: log,
    remembered: members.map((member) => ({ ...member, added: 0 })),
    driftMsMax: config.clock.drift_max_ms,
    ack: { policy: config.mesh.ack, waitMs: config.mesh.ack_wait_ms },
    journalLimits: journalLimitsOf(config),
    hasRemains: await hasRemains(checked.setAside),
  });
}

function servicesOf(
  { config, serverName, secrets, log }: Home,
  node: MeshNode,
  transport: MeshTransport,
  blobs: BlobStore,
): Services {
  const { keyId, seed } = secrets.signingKey;
  return createServices({
    node,
    transport,
    blobs,
    serverName,
    settings: settingsOf(config, version()),
    signingKey: signingKey(serverName, keyId, seed),
    tokenKeys: [secrets.tokenSecret],
    random,
    timers: systemTimers,
    logger: log,
  });
}

interface Running {
  readonly node: MeshNode;
  readonly transport: MeshTransport;
  readonly services: Services;
  readonly checked: CheckedStore;
  readonly repair: Repair;
  readonly rot: RotWatch;
  readonly facts: BoxFactsExchange;
}

function assemble(from: Home, running: Running) {
  const { home, config, serverName, secrets, keys, log } = from;
  const { node, transport, services, checked, repair, rot, facts } = running;
  const base = { transport, timers: systemTimers, random, wallClock, serverName };
  const { runner } = services;
  const write = (box: BoxId): Promise<void> => runner.run(writeDrill, box);
  const drill = new DrillSwitch({ transport, timers: systemTimers, wallClock, write });
  const admit = admitJoiner({ services, node, transport, timers: systemTimers, secrets });
  const invitations = new Invitations({
    ...base,
    peerId: keys.peerId,
    psk: secrets.meshPsk,
    admit,
  });
  const mark = new MarkKeeper(home, checked.store, node.ledger, systemTimers, log);
  const store = checked.store;
  const { host, port } = config.client.listen;
  const clientUrl = config.client.public_base_url ?? `http://${host}:${port}`;
  const startedAt = wallClock();
  const refusal = (): string | undefined => refusalOf(node, repair);
  const notReady = (): string | undefined => (node.isRemoved ? REMOVED : refusal());
  const dns = openDns({ ...base, config, node, notReady, drill, logger: log });
  const report = new StatusReport({
    ...base,
    dns: () => dns.report(),
    node,
    facts,
    drill,
    config,
    clientUrl,
    startedAt,
    store: () => storeStatus(node, repair, rot),
    scrub: () => rot.report,
  });
  rememberMembers(node.membership, homePaths(home).members, log);
  const api = createApi({
    services,
    endpoints: clientEndpoints,
    authenticate: (token) => useAccessToken(services, token),
    notReady,
  });
  const desk = new VerifyDesk({ box: keys.box, store, timers: systemTimers, refusal });
  serveDesk(transport, desk);
  const meshDrill = new MeshDrill({ ...base, node, runner, drill, refusal });
  const verifier = new Verifier({ node, transport, desk, timers: systemTimers });
  const stopExtras = (): void => {
    dns.stop();
    drill.stop();
    desk.stop();
    invitations.stop();
    repair.stop();
    rot.stop();
  };
  const control = controlHandlers({
    services,
    node,
    transport,
    invitations,
    report,
    drill,
    meshDrill,
    verifier,
  });
  return { api, mark, dns, control, stopExtras };
}
