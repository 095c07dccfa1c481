import { existsSync, mkdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import type { ConfigValues } from "../config/render.ts";
import { renderConfig } from "../config/render.ts";
import { tryToWrite } from "../../mesh/store/durable-file.ts";
import { storePath } from "../../mesh/store/spare-folder.ts";
import { HomeError } from "./error.ts";
import { writeFileAtomically } from "./json-file.ts";
import type { HomeMember } from "./members.ts";
import { saveMembers } from "./members.ts";
import { homePaths } from "./paths.ts";
import type { Secrets } from "./secrets.ts";
import { saveSecrets } from "./secrets.ts";

export interface NewHome {
  readonly home: string;
  readonly secrets: Secrets;
  readonly members: readonly HomeMember[];
  /** Values of `mesh.yaml`; must name the server and the box. */
  readonly config: ConfigValues;
}

/**
 * Throws `HomeError` when the folder already belongs to a box. Secrets alone are what is left where making
 * a home broke off, by a power cut, and it is made anew; a box that joins stays the same one, see
 * `joining-seed.ts`.
 */
export function refuseUsedHome(home: string): void {
  const paths = homePaths(home);
  const used = [paths.config, storePath(home)].find((file) => existsSync(file));
  if (used !== undefined) {
    throw new HomeError("HOME_EXISTS", `${home} already belongs to a box: ${used} exists`);
  }
}

/** Makes the folder, and rejects where nothing can be written to it: whoever asks to join is let in for good. */
export async function prepareHome(home: string): Promise<void> {
  refuseUsedHome(home);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  await tryToWrite(home);
}

/** Makes the home of a new box. `mesh.yaml` comes last: a home that has it is complete. */
export function createHome({ home, secrets, members, config }: NewHome): void {
  refuseUsedHome(home);
  const paths = homePaths(home);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  saveSecrets(paths.secrets, secrets);
  saveMembers(paths.members, members);
  writeFileAtomically(paths.config, renderConfig(config));
  rmSync(paths.joining, { force: true });
}

/** A box name from the machine's name, as `mesh.yaml` allows it. */
export function defaultBoxName(machine: string = hostname()): string {
  const name = machine
    .toLowerCase()
    .replace(/\..*$/, "")
    .replace(/[^a-z0-9-]/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 32);
  return name === "" ? "box" : name;
}
