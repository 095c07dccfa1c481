import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { ClientGone, readBody } from "../../../api/pipeline/body.ts";

test("the body of a client that left before anybody read it is not waited for", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  const [request] = (await once(server, "request")) as [IncomingMessage];
  const left = new Promise<void>((resolve) => void request.once("close", resolve));
  client.destroy();
  await left;
  await expect(readBody(request, 100)).rejects.toThrow(ClientGone);
  server.close();
});
