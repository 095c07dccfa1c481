import { listUsers } from "../../core/account/accounts.ts";
import { deactivate } from "../../core/account/deactivate.ts";
import { createUser, setPassword } from "../../core/account/manage.ts";
import { parseUserId, userId } from "../../core/ids.ts";
import type { UserId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import { closeReport, listReports } from "../../core/moderation/reports.ts";
import type { Services } from "../../core/services.ts";
import { fields } from "../../core/tables.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import { removeBox } from "../../mesh/membership/membership.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import { ControlError } from "../control/error.ts";
import type { BoxList, BoxRef, ControlHandlers, UserSummary } from "../control/protocol.ts";
import type { DrillSwitch } from "./drill.ts";
import { attendance } from "./majority.ts";
import type { MeshDrill } from "./mesh-drill.ts";
import type { Invitations } from "./invitations.ts";
import type { StatusReport } from "./status-report.ts";
import type { Verifier } from "./verify.ts";

/** Sessions of one user that are counted. */
const DEVICES_MAX = 1000;

export interface ControlDeps {
  readonly services: Services;
  readonly node: MeshNode;
  readonly transport: Transport;
  readonly invitations: Invitations;
  readonly report: StatusReport;
  readonly drill: DrillSwitch;
  readonly meshDrill: MeshDrill;
  readonly verifier: Verifier;
}

/** What `meshctl` may ask of a running box. */
export function controlHandlers(deps: ControlDeps): ControlHandlers {
  const { services, invitations, report, drill, meshDrill, verifier } = deps;
  return {
    status: () => report.status(),
    verify: () => verifier.verify(),
    invite: async ({ ttl_s: ttl }) => invitations.create(ttl),
    "user.add": async ({ name, password, admin }) => {
      const user = await createUser(services, { localpart: name, password, admin, force: false });
      return { user_id: user };
    },
    "user.list": async () => {
      const accounts = await listUsers(services);
      return { users: await Promise.all(accounts.map((account) => summary(services, account))) };
    },
    "user.password": async ({ name, password }) => {
      const user = userNamed(services, name);
      await setPassword(services, { user, password, logoutDevices: true });
      return { user_id: user };
    },
    "user.deactivate": async ({ name }) => {
      const user = userNamed(services, name);
      await deactivate(services, { user, erase: false });
      return { user_id: user };
    },
    "box.list": async () => listBoxes(deps),
    "box.remove": ({ box, force }) => remove(deps, box, force),
    "report.list": () => listReports(services),
    "report.close": ({ id }) => closeReport(services, id),
    "drill.start": ({ box, duration_s: seconds }) => meshDrill.start(box, seconds),
    "drill.facts": () => meshDrill.facts(),
    "drill.isolate": async ({ duration_s: seconds }) => drill.isolate(seconds),
    "drill.heal": async () => drill.heal(),
  };
}

function userNamed(services: Services, name: string): UserId {
  const user = parseUserId(name) ?? userId(name, services.serverName);
  const created = services.reader.get(fields, [`user:${user}`, "account", "created"]);
  if (created === undefined) throw new ControlError("not_found", `There is no user ${user}.`);
  return user;
}

async function summary(
  services: Services,
  account: Awaited<ReturnType<typeof listUsers>>[number],
): Promise<UserSummary> {
  const { user, admin, deactivated } = account;
  using snapshot = services.reader.snapshot();
  const doc = `user:${user}` as const;
  const devices = await snapshot.range(fields, { prefix: [doc, "devices"], limit: DEVICES_MAX });
  const created = snapshot.get(fields, [doc, "account", "created"]);
  const time = isObject(created) ? created["time"] : undefined;
  const createdAt = typeof time === "number" ? time : 0;
  return { user_id: user, admin, deactivated, devices: devices.length, created_at: createdAt };
}

function listBoxes({ services, node, transport }: ControlDeps): BoxList {
  const up = new Set(transport.links().map(({ box }) => box));
  const boxes = node.membership.members().map(({ box, name, addresses }) => {
    const self = box === transport.self;
    return { box, name, self, up: self || up.has(box), addresses };
  });
  return { server_name: services.serverName, boxes };
}

async function remove(
  { services, node, transport }: ControlDeps,
  wanted: string,
  force: boolean,
): Promise<BoxRef> {
  const found = node.membership.members().filter((b) => b.box === wanted || b.name === wanted);
  const [box] = found;
  if (!box) throw new ControlError("not_found", `There is no box ${wanted} in this mesh.`);
  if (found.length > 1) {
    throw new ControlError("conflict", `Several boxes are named ${wanted}; use the box's ID.`);
  }
  if (box.box === transport.self) {
    throw new ControlError("conflict", "A box cannot remove itself; do it from another one.");
  }
  const members = node.memberIds();
  const { connected, of, isMost } = attendance(transport.self, transport.links(), members);
  if (!force && !isMost) {
    throw new ControlError(
      "unavailable",
      `Only ${connected} of ${of} boxes are connected. If the others live on elsewhere, removing ` +
        "one here would let both sides give one name to two people. If they are gone for good: --force",
    );
  }
  await services.runner.run(removeBox, box.box);
  return { box: box.box, name: box.name };
}
