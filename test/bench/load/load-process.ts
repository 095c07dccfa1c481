import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { JobInput, JobName, JobReply, JobResult } from "./jobs.ts";

/** The process that plays the clients. */
export class LoadProcess {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(join(import.meta.dirname, "generator.ts"), { serialization: "advanced" });
  }

  async run<J extends JobName>(job: J, input: JobInput<J>): Promise<JobResult<J>> {
    const failed = once(this.#child, "exit").then(() => {
      throw new Error("the load process ended");
    });
    const answered = once(this.#child, "message") as Promise<[JobReply]>;
    this.#child.send({ job, input });
    const [reply] = await Promise.race([answered, failed]);
    if ("error" in reply) throw new Error(reply.error);
    return reply.result as JobResult<J>;
  }

  stop(): void {
    this.#child.kill();
  }
}
