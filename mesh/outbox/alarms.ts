import type { Appointment, Appointments, Logger, Timers } from "../../core/ports.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import type { HybridTime } from "../../core/transaction/records.ts";
import type { Origin } from "../../core/vector.ts";
import type { Flushed } from "../journal/outcomes.ts";

/** Appointments kept in mind; further ones are found when the box starts again. */
const APPOINTMENTS_MAX = 20_000;
/** A timer runs no longer than this, since the clock may be set meanwhile, milliseconds. */
const TIMER_MS_MAX = 60_000;

export interface AlarmsDeps {
  readonly appointments: Appointments;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly now: () => HybridTime;
  /** Is it this box's turn to keep what this origin made? */
  readonly isOurs: (origin: Origin) => boolean;
}

/** Does what is due at a time, on one box, in the order of the times. */
export class Alarms {
  readonly #deps: AlarmsDeps;
  readonly #waiting = new Map<string, Appointment>();
  #isLoaded = false;
  #timer: { cancel(): void } | undefined;
  #ringing: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: AlarmsDeps) {
    this.#deps = deps;
  }

  noticed(entries: readonly Flushed[]): void {
    const { appointments } = this.#deps;
    const touched = new Set<string>();
    for (const { transaction } of entries) {
      for (const record of transaction.records) {
        const id = appointments.touchedBy(record);
        if (id !== undefined) touched.add(id);
      }
    }
    for (const id of touched) this.#look(id);
    if (touched.size > 0) this.#setTimer();
  }

  /** Keeps what is due and this box's; called now and then, since whose it is may change. */
  ring(): void {
    if (this.#stopped) return;
    this.#ringing ??= this.#ring().finally(() => {
      this.#ringing = undefined;
      this.#setTimer();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#ringing;
  }

  /** Finds what waits in the store; what cannot be read now is looked for when the bell rings next. */
  async #load(): Promise<void> {
    const { appointments, logger } = this.#deps;
    try {
      // Of each the newest state: it may have been moved while the others were read.
      for (const { id } of await appointments.all()) this.#look(id);
      this.#isLoaded = true;
    } catch (error) {
      logger.warn({ err: error }, "could not look for what is to be done later");
    }
  }

  #look(id: string): void {
    const appointment = this.#deps.appointments.get(id);
    if (appointment) this.#note(appointment);
    else this.#waiting.delete(id);
  }

  #note(appointment: Appointment): void {
    const isKnown = this.#waiting.has(appointment.id);
    if (!isKnown && this.#waiting.size >= APPOINTMENTS_MAX) return;
    this.#waiting.set(appointment.id, appointment);
  }

  async #ring(): Promise<void> {
    const { appointments, isOurs, logger } = this.#deps;
    if (!this.#isLoaded) await this.#load();
    const nowMs = this.#nowMs();
    const due = [...this.#waiting.values()]
      .filter((each) => each.dueMs <= nowMs && isOurs(each.origin))
      .toSorted((a, b) => a.dueMs - b.dueMs);
    for (const { id } of due) {
      if (this.#stopped) return;
      try {
        await appointments.keep(id);
        this.#look(id);
      } catch (error) {
        logger.warn({ err: error }, "something that is due could not be done yet");
      }
    }
  }

  #nowMs(): number {
    return millisecondsOf(this.#deps.now());
  }

  /** For the next one in the future; what is due and still here is looked at again later. */
  #setTimer(): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    const nowMs = this.#nowMs();
    let nextMs = Infinity;
    for (const { dueMs } of this.#waiting.values()) {
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs - nowMs);
    }
    if (nextMs === Infinity) return;
    this.#timer = this.#deps.timers.after(Math.min(nextMs, TIMER_MS_MAX), () => this.ring());
  }
}
