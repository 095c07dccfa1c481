import { afterAll, beforeAll, expect, it } from "vitest";
import type { BoxProcess } from "./support/box-process.ts";
import { TestUser } from "./support/client.ts";
import { NO_ADDED_TABLES, OtherSoftware } from "./support/other-software.ts";
import { Program } from "./support/program.ts";
import { TestMesh } from "./support/test-mesh.ts";

const DELAYED = "/_matrix/client/unstable/org.matrix.msc4140";
const LATER_MS = 3_600_000;

const earlier = new OtherSoftware(NO_ADDED_TABLES);
let mesh: TestMesh;
let alice: TestUser;
let room: string;
beforeAll(async () => {
  mesh = await TestMesh.start({ boxes: 2 });
  alice = await TestUser.register(mesh.box(1).url, "alice");
  room = await alice.createRoom(mesh.box(1).url);
});
afterAll(async () => {
  await mesh.stop();
  earlier.remove();
});

async function ask(method: string, url: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${alice.token}` },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

async function schedule({ url }: BoxProcess, txn: string): Promise<string> {
  const path = `${DELAYED}/rooms/${encodeURIComponent(room)}/delayed_event/m.room.message/${txn}`;
  const message = { content: { msgtype: "m.text", body: txn }, delay_ms: LATER_MS };
  return String((await ask("PUT", url + path, message))["delay_id"]);
}

async function listed({ url }: BoxProcess): Promise<string[]> {
  const { delayed_events: events } = await ask("GET", `${url}${DELAYED}/delayed_events`);
  return (events as { delay_id: string }[]).map(({ delay_id: id }) => id);
}

async function changeVersion(box: BoxProcess, software: string): Promise<void> {
  await box.stop();
  box.software = software;
  await box.start();
  await mesh.untilWhole();
}

async function verify({ home }: BoxProcess): Promise<string> {
  const program = new Program("meshctl", ["--home", home, "verify"]);
  await program.ended();
  return program.stdout;
}

it("a box that goes back to a version without a table, and forth, has the whole table again (N=2)", async () => {
  const [one, two] = [mesh.box(1), mesh.box(2)];
  const newer = one.software;
  const scheduled = [await schedule(one, "before")];
  await changeVersion(one, earlier.folder);
  scheduled.push(await schedule(one, "on the earlier version"));
  scheduled.push(await schedule(two, "beside the earlier version"));
  await mesh.untilWhole();
  const between = await verify(two);
  expect(between).toContain("keeps no");
  expect(between).not.toMatch(/^Differ/i);

  await changeVersion(one, newer);
  for (const box of [one, two]) expect(await listed(box)).toEqual(scheduled);
  expect(await verify(two)).toMatch(/^Equal/);
});
