import { BUSY } from "./canary.ts";
import type { NamedCanary } from "./canary.ts";
import { COMMANDS } from "./commands.ts";
import { DISKS } from "./disks.ts";
import { EFFECTS, MEDIA } from "./outside.ts";
import { RESPONSES } from "./responses.ts";

export const CANARIES: readonly NamedCanary[] = [
  ...RESPONSES,
  ...COMMANDS,
  ...DISKS,
  ...EFFECTS,
  ...MEDIA,
].map((canary) => ({ options: BUSY, ...canary }));
