import type { HttpClient } from "../../../core/ports.ts";
import { isObject } from "../../../core/json.ts";
import { effects } from "../../../core/tables.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import { untilSo } from "../../support/until-so.ts";
import { inSoundBox } from "../storage-path.ts";
import type { Promised, StoragePath } from "../storage-path.ts";
import { homeWithRoom, say } from "./room.ts";

const PHONE = "https://phone.example.org/_matrix/push/v1/notify";
const TABLET = "https://tablet.example.org/_matrix/push/v1/notify";
const GATEWAYS = [PHONE, TABLET];

/** Gateways of which some answer; `hear` is called before they do. */
function gateways(isUp: (url: string) => boolean, hear: (told: string) => void): HttpClient {
  return {
    postJson: (url, body) => {
      const { notification } = body;
      if (!isUp(url)) return Promise.resolve({ kind: "answer", status: 500, text: "" });
      hear(`${url} ${isObject(notification) ? String(notification["event_id"]) : ""}`);
      return Promise.resolve({ kind: "answer", status: 200, text: '{"rejected":[]}' });
    },
  };
}

/** Runs a box for a while; resolves when it has told all that it could, and has written that down. */
async function live(
  home: string,
  texts: readonly string[],
  isUp: (url: string) => boolean,
  { owed, promise }: { readonly owed: Set<string>; readonly promise: (done: Promised) => void },
): Promise<void> {
  const heard = new Set<string>();
  const http = gateways(isUp, (told) => {
    promise({ told });
    heard.add(told);
  });
  const box = await boxOnDisk(home, { http });
  for (const text of texts) {
    const event = await say(box.services, home, text);
    for (const url of GATEWAYS) {
      owed.add(`${url} ${event}`);
      promise({ owed: `${url} ${event}` });
    }
  }
  const canBe = [...owed].filter((each) => GATEWAYS.some((url) => isUp(url) && each.includes(url)));
  await untilSo("the gateways are told", () => canBe.every((each) => heard.has(each)));
  await box.stop();
  for (const over of canBe) {
    owed.delete(over);
    promise({ over });
  }
}

function tellFaults(home: string, promised: readonly Promised[]): Promise<string[]> {
  const heard: string[] = [];
  const http = gateways(
    () => true,
    (told) => void heard.push(told),
  );
  return inSoundBox(home, { http }, async ({ services }) => {
    const faults = await missingFaults(heard, promised);
    // Each gateway is told in order, so this is told after all that is told again.
    const last = await say(services, home, "after the crash");
    await untilSo("the gateways are told of what is new", () =>
      GATEWAYS.every((url) => heard.includes(`${url} ${last}`)),
    );
    for (const done of promised) {
      if ("over" in done && heard.includes(done.over)) faults.push(`told again: ${done.over}`);
    }
    if (new Set(heard).size < heard.length) faults.push("told twice in one life");
    return faults;
  });
}

/** Everybody is told of what was acknowledged. */
async function missingFaults(
  heard: readonly string[],
  promised: readonly Promised[],
): Promise<string[]> {
  const owed = promised.flatMap((done) => ("owed" in done ? [done.owed] : []));
  const before = new Set(promised.flatMap((done) => ("told" in done ? [done.told] : [])));
  const missing = (): string[] => owed.filter((each) => !before.has(each) && !heard.includes(each));
  try {
    await untilSo("the gateways are told", () => missing().length === 0);
    return [];
  } catch {
    return [`never told: ${missing().join()}`];
  }
}

/** When all is told, that is written down. */
async function leftFaults(home: string): Promise<string[]> {
  return inSoundBox(home, {}, async ({ node }) => {
    using snapshot = node.state.snapshot();
    const left = await snapshot.range(effects, { prefix: ["push"], limit: 100 });
    return left.length > 0 ? [`${left.length} effects are left over`] : [];
  });
}

export const pushes: StoragePath = {
  name: "pushes to a gateway that answers and one that does not at first",
  prepare: (home) => homeWithRoom(home, GATEWAYS),
  run: async (home, promise) => {
    const owed = new Set<string>();
    await live(home, ["one", "two", "three"], (url) => url === PHONE, { owed, promise });
    await live(home, ["four", "five"], () => true, { owed, promise });
  },
  faults: async (home, promised) => [
    ...(await tellFaults(home, promised)),
    ...(await leftFaults(home)),
  ],
};
