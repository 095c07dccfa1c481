import type { Command } from "commander";
import type { UserList } from "../control/protocol.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { print } from "./context.ts";
import { askPassword, generatePassword, readPassword } from "./password.ts";
import { table } from "./table.ts";

interface PasswordOptions extends GlobalOptions {
  readonly password?: string;
  readonly passwordStdin?: boolean;
}

interface AddOptions extends PasswordOptions {
  readonly admin: boolean;
}

/** A password and where it came from: only one that was made here is printed. */
interface ChosenPassword {
  readonly password: string;
  readonly generated: boolean;
}

/** The verbs about user accounts; all ask the meshd that runs on the home. */
export function addUserVerbs(program: Command, context: Context): void {
  const user = program.command("user").description("user accounts");
  withPassword(user.command("add"))
    .description("make an account; without a password one is made up and printed")
    .argument("<name>", "the name before the colon of the user ID")
    .option("--admin", "may use the admin API", false)
    .action((name: string, _options, command: Command) =>
      add(name, command.optsWithGlobals(), context),
    );
  user
    .command("list")
    .description("list the accounts")
    .action((_options, command: Command) => list(command.optsWithGlobals(), context));
  withPassword(user.command("password"))
    .description("set a new password; without one it is made up and printed")
    .argument("<name>", "the user")
    .action((name: string, _options, command: Command) =>
      setPassword(name, command.optsWithGlobals(), context),
    );
  user
    .command("deactivate")
    .description("close an account for ever; its name is not given away again")
    .argument("<name>", "the user")
    .action((name: string, _options, command: Command) =>
      deactivate(name, command.optsWithGlobals(), context),
    );
}

function withPassword(command: Command): Command {
  return command
    .option("--password <text>", "the password; other users of this machine may see it")
    .option("--password-stdin", "read the password from standard input");
}

async function add(name: string, options: AddOptions, context: Context): Promise<void> {
  const { password, generated } = await choosePassword(options, context);
  const { admin, home } = options;
  const { user_id } = await context.call(home, "user.add", { name, password, admin });
  const words = [`${user_id} may log in${admin ? ", as an administrator" : ""}.`];
  if (generated) words.push(`password: ${password}`);
  print(context, options, words.join("\n"), { user_id, ...(generated ? { password } : {}) });
}

async function setPassword(
  name: string,
  options: PasswordOptions,
  context: Context,
): Promise<void> {
  const { password, generated } = await choosePassword(options, context);
  const { user_id } = await context.call(options.home, "user.password", { name, password });
  const words = [`${user_id} has a new password.`];
  if (generated) words.push(`password: ${password}`);
  print(context, options, words.join("\n"), { user_id, ...(generated ? { password } : {}) });
}

async function choosePassword(options: PasswordOptions, context: Context): Promise<ChosenPassword> {
  if (options.password !== undefined) return { password: options.password, generated: false };
  if (options.passwordStdin === true) {
    return { password: await readPassword(context.input), generated: false };
  }
  const { input, output } = context;
  if (input.isTTY && output.isTTY && !options.json) {
    const password = await askPassword("password (empty: make one up): ", { input, output });
    if (password !== "") return { password, generated: false };
  }
  return { password: generatePassword(context.random), generated: true };
}

async function list(options: GlobalOptions, context: Context): Promise<void> {
  const answer = await context.call(options.home, "user.list", {});
  print(context, options, renderUsers(answer), answer);
}

function renderUsers({ users }: UserList): string {
  if (users.length === 0) return "No accounts yet. Make one: meshctl user add NAME";
  const rows = users.map(({ user_id, admin, deactivated, devices, created_at }) => [
    user_id,
    deactivated ? "closed" : admin ? "admin" : "user",
    String(devices),
    new Date(created_at).toISOString().slice(0, 10),
  ]);
  return table(["USER", "KIND", "DEVICES", "SINCE"], rows);
}

async function deactivate(name: string, options: GlobalOptions, context: Context): Promise<void> {
  const answer = await context.call(options.home, "user.deactivate", { name });
  print(context, options, `${answer.user_id} is closed.`, answer);
}
