import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import type { BoxList } from "../control/protocol.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { print } from "./context.ts";
import { meshHealth } from "./mesh-health.ts";
import { renderStatus } from "./render-status.ts";
import { table } from "./table.ts";
import { duration, shortAddress } from "./units.ts";

/** How long a code lasts when the owner does not say: long enough to walk to the other box. */
const INVITATION_HOURS = 1;
const HOUR_S = 3600;

/** The verbs about boxes and the mesh; all ask the meshd that runs on the home. */
export function addMeshVerbs(program: Command, context: Context): void {
  program
    .command("status")
    .description("show the boxes, the mesh, and what works right now")
    .action((_options, command: Command) => status(command.optsWithGlobals(), context));
  program
    .command("invite")
    .description("print a code with which one new box may join; it works once")
    .option("--hours <n>", "how long the code is good", wholeNumber(1, 168), INVITATION_HOURS)
    .action((_options, command: Command) => invite(command.optsWithGlobals(), context));

  const box = program.command("box").description("the boxes of this server");
  box
    .command("list")
    .description("list the boxes")
    .action((_options, command: Command) => boxList(command.optsWithGlobals(), context));
  box
    .command("remove")
    .description("remove a box for ever: it can no longer connect")
    .argument("<box>", "the name or the ID of the box")
    .option("--force", "also while most of the boxes cannot be reached", false)
    .action((name: string, _options, command: Command) =>
      boxRemove(name, command.optsWithGlobals(), context),
    );
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

async function status(options: GlobalOptions, context: Context): Promise<void> {
  const facts = await context.call(options.home, "status", {});
  print(context, options, renderStatus(facts), { ...facts, mesh: meshHealth(facts) });
}

async function invite(
  options: GlobalOptions & { readonly hours: number },
  context: Context,
): Promise<void> {
  const { home, hours } = options;
  const invitation = await context.call(home, "invite", { ttl_s: hours * HOUR_S });
  const words = [
    `On the new box, within ${duration(hours * HOUR_S * 1000)}:`,
    "",
    "  meshctl join --home DIR",
    "",
    "and paste this code:",
    "",
    `  ${invitation.code}`,
    "",
    "The code works once. Whoever has it can become a box of this server: keep it secret.",
  ].join("\n");
  print(context, options, words, invitation);
}

async function boxList(options: GlobalOptions, context: Context): Promise<void> {
  const list = await context.call(options.home, "box.list", {});
  print(context, options, renderBoxes(list), list);
}

function renderBoxes({ boxes }: BoxList): string {
  const rows = boxes.map(({ box, name, self, up, addresses }) => [
    self ? `${name} *` : name,
    box,
    up ? "up" : "DOWN",
    addresses.map(shortAddress).join(" "),
  ]);
  return table(["BOX", "ID", "STATE", "ADDRESSES"], rows);
}

async function boxRemove(
  box: string,
  options: GlobalOptions & { readonly force: boolean },
  context: Context,
): Promise<void> {
  const { home, force } = options;
  const removed = await context.call(home, "box.remove", { box, force });
  print(context, options, `Box ${removed.name} (${removed.box}) is no longer a member.`, removed);
}
