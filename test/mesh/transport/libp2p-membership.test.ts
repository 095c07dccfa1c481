import { describe, expect, test, vi } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import type { LinkEvent } from "../../../mesh/transport/transport.ts";
import {
  bytes,
  createNode,
  linkedTo,
  memberOf,
  nextLink,
  startMesh,
  type Mesh,
} from "./support.ts";

/** Waits until that many dials of a box to another have failed since the call. */
function failedDials(mesh: Mesh, from: number, to: BoxId, count: number): Promise<void> {
  const failures = () =>
    mesh.logs[from]!.filter(
      ({ message, fields }) => message === "dial failed" && fields["box"] === to,
    );
  const before = failures().length;
  return vi.waitFor(() => expect(failures().length - before).toBeGreaterThanOrEqual(count), 10_000);
}

describe("mesh: membership and the drill (N=3)", () => {
  test("an isolated box has no links and gets none until healed, with one event for each change", async () => {
    const mesh = await startMesh(3);
    const [a, b, c] = mesh.nodes as [MeshNode, MeshNode, MeshNode];
    type MeshNode = (typeof mesh.nodes)[number];
    const events: LinkEvent[] = [];
    c.onLink((event) => void events.push(event));
    // Those that are up.
    events.length = 0;
    const lost = [nextLink(a, "down", c.self), nextLink(b, "down", c.self)];
    c.isolate(true);
    expect(c.links()).toEqual([]);
    await expect(c.send(a.self, "x", bytes(""))).rejects.toMatchObject({ code: "link_down" });
    await Promise.all(lost);
    expect(a.links().map(({ box }) => box)).toEqual([b.self]);
    // The others keep dialling; none of that may get through.
    await Promise.all([failedDials(mesh, 0, c.self, 1), failedDials(mesh, 1, c.self, 1)]);
    expect(c.links()).toEqual([]);
    const healed = [linkedTo(a, 2), linkedTo(b, 2), linkedTo(c, 2)];
    c.isolate(false);
    await Promise.all(healed);
    expect(events.map(({ kind, box }) => `${kind} ${box}`).toSorted()).toEqual(
      [`down ${a.self}`, `down ${b.self}`, `up ${a.self}`, `up ${b.self}`].toSorted(),
    );
    await mesh.stop();
  });

  test("a removed member is cut off at once and cannot return", async () => {
    const mesh = await startMesh(3);
    const [a, b, c] = mesh.nodes as [MeshNode, MeshNode, MeshNode];
    type MeshNode = (typeof mesh.nodes)[number];
    const cut = nextLink(c, "down", a.self);
    a.setMembers(mesh.members.slice(0, 2));
    b.setMembers(mesh.members.slice(0, 2));
    expect(a.links().map(({ box }) => box)).toEqual([b.self]);
    await cut;
    await linkedTo(c, 0);
    // It still has the key and the addresses, and tries again at once.
    c.setMembers([]);
    c.setMembers(mesh.members);
    await Promise.all([failedDials(mesh, 2, a.self, 2), failedDials(mesh, 2, b.self, 2)]);
    expect(c.links()).toEqual([]);
    expect(a.links().map(({ box }) => box)).toEqual([b.self]);
    await mesh.stop();
  });

  test("a member whose address was wrong is linked at once when the list has the right one", async () => {
    const mesh = await startMesh(2);
    const [a, b] = mesh.nodes as [MeshNode, MeshNode];
    type MeshNode = (typeof mesh.nodes)[number];
    a.setMembers([]);
    b.setMembers([]);
    const members = mesh.members.map((member) => ({
      ...member,
      addresses: ["/ip4/127.0.0.1/tcp/9"],
    }));
    b.setMembers(members);
    a.setMembers(members);
    const up = nextLink(a, "up", b.self);
    a.setMembers(mesh.members);
    await up;
    await mesh.stop();
  });

  test("a box restarted on its port is found again by the others", async () => {
    const mesh = await startMesh(2);
    const [a, b] = mesh.nodes as [MeshNode, MeshNode];
    type MeshNode = (typeof mesh.nodes)[number];
    const down = nextLink(a, "down", b.self);
    const port = Number(/tcp\/(\d+)/.exec(b.addresses()[0]!)?.[1]);
    await b.stop();
    await down;
    const up = nextLink(a, "up", b.self);
    // It knows nobody's address, so it is the other one that has to dial.
    const nobody = mesh.members.map((member) => ({ ...member, addresses: [] }));
    const again = await createNode({ keys: mesh.keys[1]!, psk: mesh.psk, port, members: nobody });
    await again.start();
    expect((await up).box).toBe(again.self);
    expect(memberOf(mesh.keys[1]!, again).addresses).toEqual(mesh.members[1]!.addresses);
    await Promise.all([a.stop(), again.stop()]);
  });
});
