import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { listenAddresses } from "../../../bin/box/addresses.ts";
import { peerKeysOf } from "../../../mesh/transport/identity.ts";
import { createTransport } from "../../../mesh/transport/libp2p-transport.ts";
import { QUIET } from "../../support/box-on-disk.ts";
import { realRandom, realTimers } from "../../mesh/transport/support.ts";

/** A port that nobody uses on the address; undefined where the machine has no such address. */
async function freePort(host: string): Promise<number | undefined> {
  const server = createServer();
  try {
    await once(server.listen(0, host), "listening");
  } catch {
    return undefined;
  }
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function isAnswered(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test("'::' is both kinds of addresses, with and without brackets; any other host is what it is", () => {
  const both = ["/ip6/::/tcp/8009", "/ip4/0.0.0.0/tcp/8009"];
  expect(listenAddresses("::", 8009)).toEqual(both);
  expect(listenAddresses("[::]", 8009)).toEqual(both);
  expect(listenAddresses("::1", 8009)).toEqual(["/ip6/::1/tcp/8009"]);
  expect(listenAddresses("0.0.0.0", 8009)).toEqual(["/ip4/0.0.0.0/tcp/8009"]);
});

test("a mesh socket for '::' is reached over IPv4, and over IPv6 where there is such", async ({
  skip,
}) => {
  const port = await freePort("::1");
  skip(port === undefined, "this machine has no IPv6");
  const transport = await createTransport({
    keys: peerKeysOf(realRandom.bytes(32)),
    psk: realRandom.bytes(32),
    listen: listenAddresses("::", port ?? 0),
    announce: [],
    mdns: false,
    members: [],
    timers: realTimers,
    random: realRandom,
    logger: QUIET,
    wallClock: () => Date.now(),
  });
  await transport.start();
  try {
    const found = await Promise.all(
      ["127.0.0.1", "::1"].map((host) => isAnswered(host, port ?? 0)),
    );
    expect(found).toEqual([true, true]);
  } finally {
    await transport.stop();
  }
});
