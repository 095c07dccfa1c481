import { resolve } from "node:path";
import { expect, it } from "vitest";
import { parseConfig } from "../../../bin/config/parse.ts";
import { renderConfig } from "../../../bin/config/render.ts";
import { parseStartOptions, planBoxes } from "../../../bin/start/options.ts";

it("starts three boxes in ./data from port 8008 by default", () => {
  const options = parseStartOptions([]);
  expect(options).toEqual({
    boxes: 3,
    home: resolve("data"),
    port: 8008,
    serverName: "hearth.localhost",
    openRegistration: false,
  });
  expect(planBoxes(options).map(({ name, home, clientUrl }) => [name, home, clientUrl])).toEqual([
    ["box1", resolve("data/box1"), "http://127.0.0.1:8008"],
    ["box2", resolve("data/box2"), "http://127.0.0.1:8018"],
    ["box3", resolve("data/box3"), "http://127.0.0.1:8028"],
  ]);
});

it("gives each box a valid configuration with the others' mesh addresses", () => {
  const options = parseStartOptions(["--boxes", "3", "--port", "9000", "--open-registration"]);
  const second = planBoxes(options)[1];
  const values = { server_name: "example.org", "box.name": "box2", ...second?.config };
  expect(parseConfig(renderConfig(values))).toMatchObject({
    ok: true,
    config: {
      client: { listen: { host: "127.0.0.1", port: 9010 } },
      mesh: {
        listen: { host: "127.0.0.1", port: 9011 },
        bootstrap: ["127.0.0.1:9001", "127.0.0.1:9021"],
      },
      registration: { open: true },
    },
  });
});

it("leaves registration as it is in mesh.yaml unless it is to be opened", () => {
  const [box] = planBoxes(parseStartOptions([]));
  expect(Object.keys(box?.config ?? {})).not.toContain("registration.open");
});

it("no two sockets of seven boxes share a port", () => {
  const boxes = planBoxes(parseStartOptions(["--boxes", "7"]));
  const ports = boxes.flatMap(({ config }) => [
    config["client.listen.port"],
    config["mesh.listen.port"],
  ]);
  expect(new Set(ports).size).toBe(14);
});
