import { describe, expect, test } from "vitest";
import type { Member } from "../../../mesh/transport/transport.ts";
import {
  createNode,
  linkedTo,
  memberOf,
  nextLink,
  realRandom,
  sortedKeys,
  startMesh,
} from "./support.ts";

describe("mesh: finding a box (N=3)", () => {
  test("one that knows only wrong addresses of another finds it through the third", async () => {
    const psk = realRandom.bytes(32);
    const keys = sortedKeys(3);
    const nodes = await Promise.all(keys.map((own) => createNode({ keys: own, psk })));
    await Promise.all(nodes.map((node) => node.start()));
    const [a, b, c] = nodes as [Node, Node, Node];
    type Node = (typeof nodes)[number];
    const known = nodes.map((node, index) => memberOf(keys[index]!, node));
    const nowhere = known.map((member) => ({ ...member, addresses: ["/ip4/127.0.0.1/tcp/9"] }));
    const found = nextLink(a, "up", c.self);
    b.setMembers(known);
    c.setMembers([known[1]!, nowhere[0]!]);
    await linkedTo(c, 1);
    a.setMembers([known[1]!, nowhere[2]!]);
    await found;
    await Promise.all(nodes.map((node) => node.stop()));
  });

  test("one that came back elsewhere is linked again though half of the mesh has its old address", async () => {
    const mesh = await startMesh(3);
    const [a, b, c] = mesh.nodes as [Node, Node, Node];
    type Node = (typeof mesh.nodes)[number];
    const [knownA, knownB] = mesh.members as [Member, Member];
    const gone = linkedTo(a, 1);
    await c.stop();
    await gone;
    const back = nextLink(a, "up", c.self);
    const again = await createNode({
      keys: mesh.keys[2]!,
      psk: mesh.psk,
      members: [{ ...knownA, addresses: ["/ip4/127.0.0.1/tcp/9"] }, knownB],
    });
    await again.start();
    await back;
    await Promise.all([a, b, again].map((node) => node.stop()));
  });

  test("multicast discovery can be on where there is no multicast", async () => {
    const psk = realRandom.bytes(32);
    const [own] = sortedKeys(1) as [ReturnType<typeof sortedKeys>[number]];
    const node = await createNode({ keys: own, psk, mdns: true });
    await node.start();
    expect(node.addresses()).toHaveLength(1);
    await node.stop();
  });
});
