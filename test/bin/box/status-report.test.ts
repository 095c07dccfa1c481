import { afterEach, expect, test } from "vitest";
import { StatusReport } from "../../../bin/box/status-report.ts";
import { parseConfig } from "../../../bin/config/parse.ts";
import { assert } from "../../../core/errors.ts";
import type { BoxId } from "../../../core/ids.ts";
import { putBox } from "../../../mesh/membership/membership.ts";
import type { LinkEvent, PeerLink } from "../../../mesh/transport/transport.ts";
import { oneBox, TEST_SERVER } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

const [A, B] = ["aaaaaaaa", "bbbbbbbb"] as [BoxId, BoxId];

let box: TestBox | undefined;
afterEach(() => box?.stop());

test("a box is shown at its own address, not at the port from which it once connected", async () => {
  box = await oneBox({ box: A });
  const { node } = box;
  const added = { peerId: "peer-b", added: 0 };
  const addresses = ["/ip4/10.0.0.2/tcp/7410"];
  await node.runner.run(putBox, { box: B, name: "attic", addresses, ...added });
  await expect.poll(() => node.membership.members()).toHaveLength(1);
  const address = "/ip4/10.0.0.2/tcp/40123";
  const links: PeerLink[] = [{ box: B, address, since: 5 }];
  let tell: (event: LinkEvent) => void = () => undefined;
  const parsed = parseConfig("server_name: hearth.test\nbox: {name: kitchen}\n");
  assert(parsed.ok, "the configuration is one");
  const report = new StatusReport({
    node,
    transport: {
      self: A,
      links: () => links,
      onLink: (listener) => {
        tell = listener;
        return () => undefined;
      },
      addresses: () => [],
    },
    facts: { of: () => Promise.resolve(undefined) },
    drill: { state: { isolated: false, until: null } },
    config: parsed.config,
    serverName: TEST_SERVER,
    clientUrl: "",
    store: () => ({ state: "good", note: "" }),
    scrub: () => ({ checked: null, trouble: null, mended: null }),
    dns: () => ({ keeper: null, listed: [A], problem: null }),
    wallClock: () => 9,
    startedAt: 0,
  });
  expect(await report.status()).toMatchObject({
    dns: { keeper: null, listed: [A], problem: null },
  });
  const attic = async () => (await report.status()).boxes.find((other) => other.box === B);
  expect(await attic()).toMatchObject({ up: true, since: 5, address: addresses[0] });
  links.pop();
  tell({ kind: "down", box: B, address });
  expect(await attic()).toMatchObject({ up: false, since: 9, address: addresses[0] });
});
