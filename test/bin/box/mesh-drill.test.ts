import { afterEach, describe, expect, it } from "vitest";
import { DrillSwitch } from "../../../bin/box/drill.ts";
import { MeshDrill, writeDrill } from "../../../bin/box/mesh-drill.ts";
import type { BoxId } from "../../../core/ids.ts";
import { FakeTimers } from "../../mesh/transport/fake-timers.ts";
import { TransportError } from "../../../mesh/transport/transport.ts";
import { someBoxes } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";

let boxes: readonly TestBox[] = [];
afterEach(async () => {
  for (const box of boxes) await box.stop();
});

async function meshOf(count: number, refusals: readonly (string | undefined)[] = []) {
  ({ boxes } = await someBoxes(count));
  return boxes.map(({ node, transport, services: { runner } }, i) => {
    const timers = new FakeTimers();
    const write = (box: BoxId): Promise<void> => runner.run(writeDrill, box);
    const drill = new DrillSwitch({ transport, timers, wallClock: () => 0, write });
    const deps = { node, transport, drill, runner, timers, refusal: () => refusals[i] };
    return { drill, timers, transport, meshDrill: new MeshDrill(deps) };
  });
}

describe("a drill of another box (N=3)", () => {
  it("cuts that box off after it has answered, and has all write", async () => {
    const [a, b, c] = await meshOf(3);
    expect(await a!.meshDrill.start("box3", 60)).toEqual({ box: c!.transport.self, name: "box3" });
    expect(c!.drill.state.isolated).toBe(false);
    await c!.timers.advance(1000);
    expect([a, b, c].map((box) => box!.drill.state.isolated)).toEqual([false, false, true]);
    expect(a!.transport.links().map(({ box }) => box)).toEqual([b!.transport.self]);
    await expect.poll(() => [a, b, c].map((box) => box!.drill.writes.accepted)).toEqual([1, 1, 1]);
    // What the box that is away wrote can be asked for only afterwards.
    expect(Object.keys((await a!.meshDrill.facts()).writes)).toHaveLength(2);
    await c!.timers.advance(60_000);
    const { entries, writes } = await a!.meshDrill.facts();
    expect(writes[c!.transport.self]).toMatchObject({ refused: 0 });
    expect(Object.keys(entries)).toHaveLength(3);
  });

  it("does not begin where a box refuses, is unknown, or is in a drill", async () => {
    const [a, , c] = await meshOf(3, [undefined, undefined, "it is being repaired"]);
    await expect(a!.meshDrill.start("box3", 60)).rejects.toThrow(
      "box3 does not take part: it is being repaired",
    );
    await expect(a!.meshDrill.start("box9", 60)).rejects.toThrow("There is no box box9");
    c!.drill.takePart(5);
    const body = Buffer.from('{"seconds":100000}');
    await expect(
      a!.transport.request(c!.transport.self, "drill-isolate", body, { timeoutMs: 1000 }),
    ).rejects.toThrow("1 to 3600 seconds");
  });

  it("is over for those who take part as soon as the box is healed, or has restarted", async () => {
    const mesh = await meshOf(3);
    const [a, b, c] = mesh;
    for (const wanted of ["box1", "box3"]) {
      const gone = wanted === "box1" ? a! : c!;
      await a!.meshDrill.start(wanted, 3600);
      await c!.timers.advance(1000);
      await expect.poll(() => b!.transport.links()).toHaveLength(1);
      expect(b!.timers.waiting).toBe(2);
      gone.drill.heal();
      await expect.poll(() => b!.transport.links()).toHaveLength(2);
      expect(mesh.map(({ timers }) => timers.waiting)).toEqual([0, 0, 0]);
    }
  });

  it("that does not begin leaves nobody writing", async () => {
    const [a, b, c] = await meshOf(3, [undefined, undefined, "it is being repaired"]);
    await expect(a!.meshDrill.start("box3", 3600)).rejects.toThrow("it is being repaired");
    await expect.poll(() => b!.timers.waiting).toBe(0);
    expect([a!.timers.waiting, c!.timers.waiting]).toEqual([0, 0]);
  });

  it("is ended by the box that began it alone, and never while a box is cut off", async () => {
    const [a, b, c] = await meshOf(3);
    await a!.meshDrill.start("box3", 3600);
    const opts = { timeoutMs: 1000 };
    await c!.transport.request(b!.transport.self, "drill-over", new Uint8Array(), opts);
    expect(b!.timers.waiting).toBe(2);
    await c!.timers.advance(1000);
    b!.drill.isolate(3600);
    // A link that comes too late to be cut.
    b!.transport.isolate(false);
    c!.drill.heal();
    await expect.poll(() => b!.transport.links()).toHaveLength(2);
    expect([b!.drill.state.isolated, b!.timers.waiting]).toEqual([true, 2]);
  });

  it("goes on where an older box knows no way to end it early", async () => {
    const [a, b] = await meshOf(3, [undefined, undefined, "it is being repaired"]);
    b!.transport.onRequest("drill-over", () =>
      Promise.reject(new TransportError("unknown_method", "no such method")),
    );
    await expect(a!.meshDrill.start("box3", 60)).rejects.toThrow("it is being repaired");
    expect(b!.timers.waiting).toBe(2);
    await b!.timers.advance(60_000);
    expect(b!.timers.waiting).toBe(0);
  });
});
