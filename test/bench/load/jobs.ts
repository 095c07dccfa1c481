import { measureArrival } from "./arrival.ts";
import { measureRounds } from "./rounds.ts";
import { sendLoad } from "./send-load.ts";

/** What the load process can be told to do. Inputs and results cross as JSON. */
export const jobs = { sendLoad, measureArrival, measureRounds };

export type Jobs = typeof jobs;
export type JobName = keyof Jobs;
export type JobInput<J extends JobName> = Parameters<Jobs[J]>[0];
export type JobResult<J extends JobName> = Awaited<ReturnType<Jobs[J]>>;

export interface JobCall {
  readonly job: JobName;
  readonly input: unknown;
}

export type JobReply = { readonly result: unknown } | { readonly error: string };
