import { join, resolve } from "node:path";
import { Command } from "commander";
import { BOXES_MAX } from "../../mesh/membership/membership.ts";
import { serverName } from "../config/text-rules.ts";
import type { ConfigValues } from "../config/render.ts";
import { DEFAULT_SERVER_NAME, ruled } from "../meshctl/home-verbs.ts";
import { wholeNumber } from "../meshctl/mesh-verbs.ts";

export interface StartOptions {
  readonly boxes: number;
  /** Absolute; box i lives in `box<i>` below it. */
  readonly home: string;
  readonly port: number;
  readonly serverName: string;
  readonly openRegistration: boolean;
}

/** Boxes when the person does not say: the fewest that give names away with one of them dark. */
const BOXES_DEFAULT = 3;
const PORT_DEFAULT = 8008;
/** From one box's port to the next one's. */
const PORT_STEP = 10;
/** Leaves room for the last box's two ports. */
const PORT_MAX = 65_535 - PORT_STEP * BOXES_MAX;
const LOOPBACK = "127.0.0.1";

/** Throws commander's error, after printing it, for options that make no sense. */
export function parseStartOptions(argv: readonly string[]): StartOptions {
  const program = new Command("npm start --")
    .description("Starts several boxes on this machine as one homeserver.")
    .option("--boxes <n>", "how many", wholeNumber(1, BOXES_MAX), BOXES_DEFAULT)
    .option("--home <dir>", "folder of all boxes", (text) => resolve(text), resolve("data"))
    .option(
      "--port <p>",
      `client port of box 1; box i has p + ${PORT_STEP}·(i - 1), and its mesh port is one more`,
      wholeNumber(1, PORT_MAX),
      PORT_DEFAULT,
    )
    .option(
      "--server-name <name>",
      "the name in every user ID; it can never be changed later",
      ruled(serverName),
      DEFAULT_SERVER_NAME,
    )
    .option("--open-registration", "anybody may make an account", false)
    .allowExcessArguments(false);
  return program.parse(argv, { from: "user" }).opts<StartOptions>();
}

/** One box of `npm start`. */
export interface BoxPlan {
  readonly name: string;
  readonly home: string;
  readonly clientUrl: string;
  /** host:port of its mesh socket. */
  readonly meshAddress: string;
  /** What its `mesh.yaml` must say, whenever it is started. */
  readonly config: ConfigValues;
}

export function planBoxes(options: StartOptions): BoxPlan[] {
  const ports = Array.from({ length: options.boxes }, (_, i) => options.port + PORT_STEP * i);
  return ports.map((port, i) => {
    const name = `box${i + 1}`;
    const others = ports.filter((other) => other !== port);
    const config = {
      "client.listen.host": LOOPBACK,
      "client.listen.port": port,
      "mesh.listen.host": LOOPBACK,
      "mesh.listen.port": meshPort(port),
      "mesh.bootstrap": others.map(meshAddressOf),
      ...(options.openRegistration ? { "registration.open": true } : {}),
    };
    const clientUrl = `http://${LOOPBACK}:${port}`;
    const meshAddress = meshAddressOf(port);
    return { name, home: join(options.home, name), clientUrl, meshAddress, config };
  });
}

const meshPort = (clientPort: number): number => clientPort + 1;
const meshAddressOf = (clientPort: number): string => `${LOOPBACK}:${meshPort(clientPort)}`;
