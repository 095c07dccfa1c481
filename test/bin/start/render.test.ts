import { expect, it } from "vitest";
import { renderRunning } from "../../../bin/start/render.ts";

it("shows the boxes and the next steps, as commands that can be copied", () => {
  const boxes = [
    { name: "box1", home: "/repo/data/box1", clientUrl: "http://127.0.0.1:8008", pid: 42 },
    { name: "box2", home: "/repo/data/box2", clientUrl: "http://127.0.0.1:8018", pid: undefined },
  ];
  const shown = renderRunning({ serverName: "hearth.localhost", boxes, cwd: "/repo" });
  expect(`${shown}\n`).toBe(`
BOX   CLIENT URL             STATE
box1  http://127.0.0.1:8008  up (process 42)
box2  http://127.0.0.1:8018  DOWN

Make a user:     npm run --silent meshctl -- --home data/box1 user add alice
Use a client:    log in as @alice:hearth.localhost; any URL above is its homeserver
See how it is:   npm run --silent meshctl -- --home data/box1 status
Stop the boxes:  Ctrl-C
`);
});
