import { commits, documents, fullBuffer, largeCommits } from "./paths/commits.ts";
import { delayed } from "./paths/delayed.ts";
import { home, joinedHome, uploads } from "./paths/files.ts";
import { fromOthers, truncation } from "./paths/journal.ts";
import { names, votes } from "./paths/names.ts";
import { pushes } from "./paths/pushes.ts";
import { queues } from "./paths/queues.ts";
import { firstStart, merge, startAndStop, upgrade } from "./paths/starts.ts";
import { copy, joining, refill, repair } from "./paths/whole-stores.ts";
import type { StoragePath } from "./storage-path.ts";

/** Every way in which a box writes to its disk. */
export const STORAGE_PATHS: readonly StoragePath[] = [
  firstStart,
  startAndStop,
  merge,
  upgrade,
  commits,
  largeCommits,
  fullBuffer,
  documents,
  fromOthers,
  truncation,
  queues,
  pushes,
  delayed,
  names,
  votes,
  uploads,
  home,
  joinedHome,
  joining,
  repair,
  refill,
  copy,
];
