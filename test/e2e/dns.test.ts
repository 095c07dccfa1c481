import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/box-process.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const SCRIPT = `#!/bin/sh
echo "$HEARTH_SERVER_NAME: $HEARTH_SERVING | $HEARTH_DARK" >> "$(dirname "$0")/told"
`;

describe("the program that keeps the DNS records (N=3)", () => {
  const folder = mkdtempSync(join(tmpdir(), "hearth-dns-"));
  let mesh: TestMesh;
  beforeAll(async () => {
    const program = join(folder, "dns");
    writeFileSync(program, SCRIPT);
    chmodSync(program, 0o755);
    mesh = await threeBoxes({ config: { "dns.program": program, "dns.patience_s": 2 } });
  });
  afterAll(async () => {
    await mesh.stop();
    rmSync(folder, { recursive: true });
  });

  const last = (): string => {
    const file = join(folder, "told");
    return existsSync(file) ? (readFileSync(file, "utf8").trim().split("\n").at(-1) ?? "") : "";
  };
  const untilTold = (what: string): Promise<void> =>
    until(`the program is told "${what}"`, () => last() === `hearth.localhost: ${what}`, 30_000);

  it("is told of a box that lost its power, and of its return; another box takes over", async () => {
    await untilTold("box1 box2 box3 |");
    const { dns, boxes } = await mesh.box(1).control("status", {});
    const keeper = boxes.find(({ box }) => box === dns?.keeper)?.name;
    const first = mesh.boxes.find(({ name }) => name === keeper);
    expect(first).toBeDefined();
    const others = mesh.boxes.filter((box) => box !== first);
    const [second, third] = others;
    await third?.kill();
    await untilTold(`${[first?.name, second?.name].toSorted().join(" ")} | ${third?.name}`);
    await third?.start();
    await untilTold("box1 box2 box3 |");
    await first?.kill();
    await untilTold(`${[second?.name, third?.name].toSorted().join(" ")} | ${first?.name}`);
    const after = await second?.control("status", {});
    expect(others.map(({ name }) => name)).toContain(
      after?.boxes.find(({ box }) => box === after.dns?.keeper)?.name,
    );
    expect(after?.dns?.listed).toHaveLength(2);
    await first?.start();
    await untilTold("box1 box2 box3 |");
  });
});
