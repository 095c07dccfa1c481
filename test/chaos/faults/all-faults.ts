import { clock } from "./clock-faults.ts";
import { corrupt, full, gone, readOnly, replace, slowDisk, worn } from "./disk-faults.ts";
import type { Fault } from "./fault.ts";
import { apart, dark, flap, isolate, lossy, oneWay, ring, slow } from "./network-faults.ts";
import { alone, blackout, freeze, powerCut, restart } from "./power-faults.ts";

export const ALL_FAULTS: readonly Fault[] = [
  powerCut,
  alone,
  blackout,
  restart,
  freeze,
  isolate,
  dark,
  apart,
  ring,
  oneWay,
  flap,
  slow,
  lossy,
  clock,
  full,
  readOnly,
  worn,
  slowDisk,
  corrupt,
  gone,
  replace,
];
