import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { loadConfig } from "../config/load.ts";
import { boxName, serverName } from "../config/text-rules.ts";
import type { Rule } from "../config/text-rules.ts";
import { createHome, defaultBoxName } from "../home/create.ts";
import { homePaths } from "../home/paths.ts";
import { newSecrets } from "../home/secrets.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { print } from "./context.ts";
import { joinHome } from "./join-home.ts";
import { readFirstLine } from "./password.ts";
import { count } from "./units.ts";

/** A name that never leaves this machine, for trying things out. */
export const DEFAULT_SERVER_NAME = "hearth.localhost";

interface InitOptions extends GlobalOptions {
  readonly serverName: string;
  readonly name: string;
}

interface JoinOptions extends GlobalOptions {
  readonly name: string;
}

/** An option's argument that must follow a rule of `mesh.yaml`. */
export function ruled(rule: Rule): (text: string) => string {
  return (text) => {
    if (rule.test(text)) return text;
    throw new InvalidArgumentError(`Expected ${rule.expected}.`);
  };
}

/** The verbs that work on the files of a home, whether or not meshd runs. */
export function addHomeVerbs(program: Command, context: Context): void {
  program
    .command("init")
    .description("make the home of the first box of a new server")
    .option(
      "--server-name <name>",
      "the name in every user ID; it can never be changed later",
      ruled(serverName),
      DEFAULT_SERVER_NAME,
    )
    .option("--name <box>", "what people call this box", ruled(boxName), defaultBoxName())
    .action((_options, command: Command) => init(command.optsWithGlobals<InitOptions>(), context));
  program
    .command("join")
    .description("make the home of a box that joins a server, with a code of `meshctl invite`")
    .argument("[code]", "the invitation code; read from standard input where it is left out")
    .option("--name <box>", "what people call this box", ruled(boxName), defaultBoxName())
    .action((code: string | undefined, _options, command: Command) =>
      join(code, command.optsWithGlobals<JoinOptions>(), context),
    );
  program
    .command("refill")
    .description("have a stopped box filled anew, from its own journal and the other boxes")
    .action((_options, command: Command) => refill(command.optsWithGlobals(), context));
  program
    .command("check-config")
    .description("check mesh.yaml and name every problem with its line")
    .action((_options, command: Command) => checkConfig(command.optsWithGlobals(), context));
  program
    .command("version")
    .description("print the version of this program")
    .action((_options, command: Command) =>
      print(context, command.optsWithGlobals(), context.version, { version: context.version }),
    );
}

function init(options: InitOptions, context: Context): void {
  const { home, name } = options;
  const config = { server_name: options.serverName, "box.name": name };
  createHome({ home, secrets: newSecrets(context.random), members: [], config });
  const words = [
    `${home} is now box ${name} of ${options.serverName}.`,
    `Settings: ${homePaths(home).config}`,
    `Next: meshd --home ${home}`,
  ].join("\n");
  print(context, options, words, { home, name, server_name: options.serverName });
}

/** On a command line the code is in the list of processes and the shell's history. */
async function join(
  given: string | undefined,
  options: JoinOptions,
  context: Context,
): Promise<void> {
  const code = given ?? (await readFirstLine(context.input, "invitation code"));
  const { home, name } = options;
  const newBox = { home, code, name, addresses: [], config: {} };
  const { serverName: server, members } = await joinHome(newBox, context);
  const words = [
    `${home} is now box ${name} of ${server}, with ${count(members.length, "other", "others")}.`,
    `Next: meshd --home ${home}`,
  ].join("\n");
  const boxes = members.map((member) => ({ box: member.box, name: member.name }));
  print(context, options, words, { home, name, server_name: server, boxes });
}

/** libp2p and LevelDB are loaded by the verbs that need them: all others answer in an instant. */
async function refill(options: GlobalOptions, context: Context): Promise<void> {
  const { setAsideForRefill } = await import("./refill.ts");
  const others = await setAsideForRefill(options.home);
  const words = [
    "The store of this box is set aside. Now start meshd: it takes over what its own journal",
    `has and the rest from the others (${others.join(", ")}), then removes what was set aside.`,
    "Until then it answers no clients; at least one other box must be up.",
  ].join("\n");
  print(context, options, words, { home: options.home, others });
}

function checkConfig(options: GlobalOptions, context: Context): void {
  const { config: file } = homePaths(options.home);
  const config = loadConfig(file);
  print(context, options, `${file}: good`, { file, ok: true, config });
}
