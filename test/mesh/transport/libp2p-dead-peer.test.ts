import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { peerKeysOf } from "../../../mesh/transport/identity.ts";
import type { MeshTransport } from "../../../mesh/transport/mesh-transport.ts";
import { bytes, createNode, memberOf, nextLink, realRandom, text } from "./support.ts";

const FIXTURE = fileURLToPath(new URL("./fixtures/box-process.ts", import.meta.url));
const NOTICED_MS = 6_000;

const psk = realRandom.bytes(32);
const seeds = [realRandom.bytes(32), realRandom.bytes(32)];
const [own, other] = seeds.map(peerKeysOf) as [PeerKeys, PeerKeys];
type PeerKeys = ReturnType<typeof peerKeysOf>;
const hex = (content: Uint8Array): string => Buffer.from(content).toString("hex");

let box: MeshTransport;
let child: ChildProcess | undefined;

beforeEach(async () => {
  box = await createNode({ keys: own, psk });
  await box.start();
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await box.stop();
});

/** Starts the other box and waits for the link; resolves with the port it listens on. */
async function startOther(port = 0): Promise<number> {
  const up = nextLink(box, "up", other.box);
  const setUp = { seed: hex(seeds[1]!), psk: hex(psk), port, peer: memberOf(own, box) };
  child = spawn(process.execPath, [FIXTURE, JSON.stringify(setUp)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  const address = line.toString().trim();
  box.setMembers([{ box: other.box, peerId: other.peerId, addresses: [address] }]);
  await up;
  return Number(/tcp\/(\d+)/.exec(address)?.[1]);
}

describe("mesh: a box that dies (N=2)", () => {
  test("when killed is down within seconds and back once it runs again on its port", async () => {
    const port = await startOther();
    const down = nextLink(box, "down", other.box);
    const killedAt = performance.now();
    child?.kill("SIGKILL");
    await down;
    expect(performance.now() - killedAt).toBeLessThan(NOTICED_MS);
    await startOther(port);
    expect(text(await box.request(other.box, "echo", bytes("back"), { timeoutMs: 5_000 }))).toBe(
      "back",
    );
  });

  test("when frozen, with no word from its socket, is down within 6 s and back when it thaws", async () => {
    await startOther();
    const down = nextLink(box, "down", other.box);
    const frozenAt = performance.now();
    child?.kill("SIGSTOP");
    const hanging = box.request(other.box, "echo", bytes("?"), { timeoutMs: 60_000 });
    const settled = hanging.catch((error: unknown) => error);
    await down;
    expect(performance.now() - frozenAt).toBeLessThan(NOTICED_MS);
    expect(await settled).toMatchObject({ code: "link_down" });
    const up = nextLink(box, "up", other.box);
    child?.kill("SIGCONT");
    await up;
    expect(text(await box.request(other.box, "echo", bytes("back"), { timeoutMs: 5_000 }))).toBe(
      "back",
    );
  }, 30_000);
});
