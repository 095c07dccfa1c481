import { writeSync } from "node:fs";
import { STORAGE_PATHS } from "./paths.ts";

/**
 * Walks one storage path in a process of its own, to be traced. Arguments: its name and the home.
 * Each promise is a line on standard output, written at once.
 */
const [name = "", home = ""] = process.argv.slice(2);
const path = STORAGE_PATHS.find((candidate) => candidate.name === name);
if (!path) throw new Error(`there is no storage path ${name}`);
await path.run(home, (done) => void writeSync(1, `${JSON.stringify(done)}\n`));
process.exit(0);
