import type { JobCall, JobReply } from "./jobs.ts";
import { jobs } from "./jobs.ts";

/** The load process: clients must not share a processor's time with what measures or with a box. */
process.on("message", ({ job, input }: JobCall) => {
  const run = jobs[job] as (input: unknown) => Promise<unknown>;
  const reply = (message: JobReply): void => void process.send?.(message);
  run(input).then(
    (result) => reply({ result }),
    (error: unknown) => reply({ error: error instanceof Error ? String(error.stack) : "failed" }),
  );
});
