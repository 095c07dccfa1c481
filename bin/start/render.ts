import { relative } from "node:path";
import { table } from "../meshctl/table.ts";

export interface RunningBox {
  readonly name: string;
  readonly home: string;
  readonly clientUrl: string;
  readonly pid: number | undefined;
}

export interface Running {
  readonly serverName: string;
  readonly boxes: readonly RunningBox[];
  /** The folder that shown paths are relative to. */
  readonly cwd: string;
}

/** What a person needs once the boxes are up: where they are, and what to do next. */
export function renderRunning({ serverName, boxes, cwd }: Running): string {
  const rows = boxes.map(({ name, clientUrl, pid }) => [
    name,
    clientUrl,
    pid === undefined ? "DOWN" : `up (process ${pid})`,
  ]);
  const [first] = boxes;
  const home = first === undefined ? "DIR" : shorter(relative(cwd, first.home), first.home);
  const meshctl = `npm run --silent meshctl -- --home ${home}`;
  return [
    "",
    table(["BOX", "CLIENT URL", "STATE"], rows),
    "",
    `Make a user:     ${meshctl} user add alice`,
    `Use a client:    log in as @alice:${serverName}; any URL above is its homeserver`,
    `See how it is:   ${meshctl} status`,
    "Stop the boxes:  Ctrl-C",
  ].join("\n");
}

function shorter(a: string, b: string): string {
  return a.length < b.length ? a : b;
}
