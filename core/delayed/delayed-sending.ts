import { MatrixError } from "../errors.ts";
import type { Appointment, Appointments } from "../ports.ts";
import type { Services } from "../services.ts";
import type { TransactionRecord } from "../transaction/records.ts";
import { allDelayed, dueMs, readDelayed } from "./delayed-event.ts";
import type { DelayedEvent } from "./delayed-event.ts";
import { endDelayed, sendDelayed } from "./manage.ts";

/** Events that all users together have scheduled, and that a box has in mind from its start on. */
const SCHEDULED_BY_ALL_MAX = 20_000;

const COLLECTIONS: ReadonlySet<string> = new Set(["delayed", "delayed_since", "delayed_end"]);

function appointmentOf(delayed: DelayedEvent | undefined): Appointment | undefined {
  if (!delayed || delayed.ending) return undefined;
  return { id: delayed.id, dueMs: dueMs(delayed), origin: delayed.origin };
}

/** Sends delayed events when they are due. */
export class DelayedSending implements Appointments {
  readonly #deps: Pick<Services, "reader" | "runner" | "isCaughtUp">;

  constructor(deps: Pick<Services, "reader" | "runner" | "isCaughtUp">) {
    this.#deps = deps;
  }

  async all(): Promise<readonly Appointment[]> {
    using snapshot = this.#deps.reader.snapshot();
    const found: Appointment[] = [];
    for await (const delayed of allDelayed(snapshot)) {
      const appointment = appointmentOf(delayed);
      if (appointment && found.push(appointment) >= SCHEDULED_BY_ALL_MAX) break;
    }
    return found;
  }

  touchedBy(record: TransactionRecord): string | undefined {
    return record.kind === "put" && COLLECTIONS.has(record.collection) ? record.key[0] : undefined;
  }

  get(id: string): Appointment | undefined {
    return appointmentOf(readDelayed(this.#deps.reader, id));
  }

  async keep(id: string): Promise<void> {
    const { runner, isCaughtUp } = this.#deps;
    const isBehind = !isCaughtUp();
    try {
      await runner.run(sendDelayed, { id, when: "due" });
    } catch (error) {
      // A box that cannot write now, or does not know all yet, tries again; what the room refuses is refused for good.
      if (!(error instanceof MatrixError) || error.status >= 500 || isBehind) throw error;
      await runner.run(endDelayed, { id, error });
    }
  }
}
