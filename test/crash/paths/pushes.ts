import type { HttpClient } from "../../../core/ports.ts";
import { isObject } from "../../../core/json.ts";
import { effects } from "../../../core/tables.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import { soundBox, untilSo } from "../storage-path.ts";
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

/** Everybody is told of what was acknowledged, and of nothing that is written down as done. */
async function tellFaults(home: string, promised: readonly Promised[]): Promise<string[]> {
  const owed = promised.flatMap((done) => ("owed" in done ? [done.owed] : []));
  const before = new Set(promised.flatMap((done) => ("told" in done ? [done.told] : [])));
  const over = promised.flatMap((done) => ("over" in done ? [done.over] : []));
  const heard: string[] = [];
  const box = await soundBox(home, {
    http: gateways(
      () => true,
      (told) => void heard.push(told),
    ),
  });
  const missing = (): string[] => owed.filter((each) => !before.has(each) && !heard.includes(each));
  const faults: string[] = [];
  await untilSo("the gateways are told", () => missing().length === 0).catch(() =>
    faults.push(`never told: ${missing().join()}`),
  );
  // Each gateway is told in order, so this is told after all that is told again.
  const last = await say(box.services, home, "after the crash");
  await untilSo("the gateways are told of what is new", () =>
    GATEWAYS.every((url) => heard.includes(`${url} ${last}`)),
  );
  await box.stop();
  for (const each of over) if (heard.includes(each)) faults.push(`told again: ${each}`);
  if (new Set(heard).size < heard.length) faults.push("told twice in one life");
  const again = await soundBox(home);
  const waiting = again.node.state.snapshot();
  const left = await waiting.range(effects, { prefix: ["push"], limit: 100 });
  waiting.close();
  if (left.length > 0) faults.push(`${left.length} effects are left over`);
  await again.stop();
  return faults;
}

export const pushes: StoragePath = {
  name: "pushes to a gateway that answers and one that does not at first",
  prepare: (home) => homeWithRoom(home, GATEWAYS),
  run: async (home, promise) => {
    const owed = new Set<string>();
    await live(home, ["one", "two", "three"], (url) => url === PHONE, { owed, promise });
    await live(home, ["four", "five"], () => true, { owed, promise });
  },
  faults: tellFaults,
};
