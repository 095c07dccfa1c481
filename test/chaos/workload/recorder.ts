import type { HttpReply } from "../../e2e/support/client.ts";
import type { Evidence, Request, Sending, Told } from "../evidence.ts";
import type { Machine } from "../machine.ts";

/** Of incidents of the same kind, so many are kept: the first ones say what is wrong. */
const INCIDENTS_MAX = 50;

/** Everything that clients tried, and what they were answered and told. */
export class Recorder {
  readonly messages = new Map<string, Sending>();
  readonly letters = new Map<string, Sending>();
  readonly topics = new Set<string>([""]);
  readonly told: Told[] = [];
  readonly requests: Request[] = [];
  readonly keysGiven: string[] = [];
  readonly namesGranted = new Map<string, Set<string>>();
  readonly incidents: string[] = [];
  readonly #machines: readonly Machine[];

  constructor(machines: readonly Machine[]) {
    this.#machines = machines;
  }

  /** How many boxes are dark just now. */
  dark(): number {
    return this.#machines.filter(({ isDark }) => isDark).length;
  }

  begin(sendings: Map<string, Sending>, id: string, room: string): Sending {
    const sending = { id, room, isAcknowledged: false, boxes: new Set<number>() };
    sendings.set(id, sending);
    return sending;
  }

  incident(what: string): void {
    if (this.incidents.length < INCIDENTS_MAX) this.incidents.push(what);
  }

  /** A box may say that it is not ready; anything else but yes is a defect where all is allowed. */
  answer(machine: Machine, request: string, { status, body }: HttpReply): void {
    if (status === 200 || status === 503) return;
    this.incident(`${machine.name} answered ${request} with ${status} ${JSON.stringify(body)}`);
  }

  evidence(last: Pick<Evidence, "views" | "finalTopics" | "rowsCompared">): Evidence {
    const { messages, topics, letters, told, keysGiven, namesGranted, incidents } = this;
    return { messages, topics, letters, told, keysGiven, namesGranted, incidents, ...last };
  }
}
