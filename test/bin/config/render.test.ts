import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../bin/config/parse.ts";
import { renderConfig, withConfigValues } from "../../../bin/config/render.ts";

const VALUES = { server_name: "example.org", "box.name": "kitchen" };

describe("renderConfig", () => {
  it("writes a file that parses to the given values and the defaults", () => {
    const parsed = parseConfig(renderConfig({ ...VALUES, "client.listen.port": 9000 }));
    const same = parseConfig(
      "server_name: example.org\nbox: {name: kitchen}\nclient: {listen: {port: 9000}}\n",
    );
    expect(parsed).toEqual(same);
    expect(parsed.ok).toBe(true);
  });

  it("stays valid when everything that is commented out is uncommented", () => {
    const all = renderConfig(VALUES)
      .split("\n")
      .map((line) => line.replace(/^( *)# ([a-z_]+: .+)$/, "$1$2"))
      .join("\n");
    expect(parseConfig(all)).toMatchObject({ ok: true, config: { turn: { username: "hearth" } } });
  });

  it("fits in 100 columns and explains each key in a comment", () => {
    const lines = renderConfig(VALUES).split("\n");
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines).toContain("  # Find the other boxes on the local network.");
  });
});

describe("withConfigValues", () => {
  it("changes the named values and keeps the others", () => {
    const source = renderConfig({ ...VALUES, "mesh.ack": "one", "client.listen.port": 1 });
    const changed = withConfigValues(source, {
      "client.listen.port": 2,
      "mesh.bootstrap": ["127.0.0.1:9"],
    });
    expect(parseConfig(changed)).toMatchObject({
      ok: true,
      config: {
        box: { name: "kitchen" },
        client: { listen: { port: 2 } },
        mesh: { ack: "one", bootstrap: ["127.0.0.1:9"] },
      },
    });
  });

  it("leaves the text as it is, comments by hand included, when nothing changes", () => {
    const source = "# mine\nserver_name: example.org\nbox: {name: kitchen}\n";
    expect(withConfigValues(source, { "box.name": "kitchen" })).toBe(source);
  });
});
