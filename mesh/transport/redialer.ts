import type { BoxId } from "../../core/ids.ts";
import type { Logger, Random, Timers } from "../../core/ports.ts";
import { LINK_STABLE_MS, REDIAL_FIRST_MS, REDIAL_MAX_MS } from "./constants.ts";

export interface RedialerDeps {
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /**
   * Tries once to get a link; settles when it is up or failed. `attempt` counts the failures so far.
   * It ends by itself in bounded time.
   */
  dial(box: BoxId, attempt: number): Promise<void>;
}

interface Target {
  attempt: number;
  dialling: boolean;
  /** A reason to try again came up while a dial was under way. */
  kicked: boolean;
  linkedAt: number | undefined;
  timer: { cancel(): void } | undefined;
}

/** Gets every wanted member linked and never gives up: waits grow from 1 s to 30 s, with jitter. */
export class Redialer {
  private readonly deps: RedialerDeps;
  private readonly targets = new Map<BoxId, Target>();
  private paused = true;

  constructor(deps: RedialerDeps) {
    this.deps = deps;
  }

  /** Starts wanting a member; the first dial is at once. */
  want(box: BoxId): void {
    if (this.targets.has(box)) return;
    const target: Target = {
      attempt: 0,
      dialling: false,
      kicked: false,
      linkedAt: undefined,
      timer: undefined,
    };
    this.targets.set(box, target);
    this.dialNow(box, target);
  }

  forget(box: BoxId): void {
    this.targets.get(box)?.timer?.cancel();
    this.targets.delete(box);
  }

  /** The member is linked, whoever dialled. */
  linked(box: BoxId): void {
    const target = this.targets.get(box);
    if (target === undefined) return;
    target.timer?.cancel();
    target.timer = undefined;
    target.linkedAt = this.deps.timers.elapsed();
  }

  /** The member's link, or the attempt at one, ended. */
  lost(box: BoxId): void {
    const target = this.targets.get(box);
    if (target?.linkedAt === undefined) return;
    const lived = this.deps.timers.elapsed() - target.linkedAt;
    target.linkedAt = undefined;
    if (lived >= LINK_STABLE_MS) target.attempt = 0;
    this.dialLater(box, target);
  }

  /** Something changed for the better: dial now, and start the waits from the first again. */
  kick(box: BoxId): void {
    const target = this.targets.get(box);
    if (target === undefined || target.linkedAt !== undefined) return;
    target.attempt = 0;
    if (target.dialling) target.kicked = true;
    else this.dialNow(box, target);
  }

  kickAll(): void {
    for (const box of this.targets.keys()) this.kick(box);
  }

  pause(): void {
    this.paused = true;
    for (const target of this.targets.values()) target.timer?.cancel();
  }

  resume(): void {
    this.paused = false;
    this.kickAll();
  }

  private dialNow(box: BoxId, target: Target): void {
    target.timer?.cancel();
    target.timer = undefined;
    if (this.paused || target.dialling || target.linkedAt !== undefined) return;
    target.dialling = true;
    target.kicked = false;
    void this.deps.dial(box, target.attempt).then(
      () => this.dialled(box, target),
      (error: unknown) => {
        this.deps.logger.debug({ box, attempt: target.attempt, err: error }, "dial failed");
        this.dialled(box, target);
      },
    );
  }

  private dialled(box: BoxId, target: Target): void {
    target.dialling = false;
    if (this.targets.get(box) !== target || target.linkedAt !== undefined) return;
    if (target.kicked) this.dialNow(box, target);
    else this.dialLater(box, target);
  }

  private dialLater(box: BoxId, target: Target): void {
    if (this.paused || target.dialling) return;
    const full = Math.min(REDIAL_MAX_MS, REDIAL_FIRST_MS * 2 ** target.attempt);
    if (full < REDIAL_MAX_MS) target.attempt += 1;
    target.timer?.cancel();
    target.timer = this.deps.timers.after(this.jittered(full), () => this.dialNow(box, target));
  }

  /** Between half and all of the wait, so that two boxes do not dial each other in step. */
  private jittered(milliseconds: number): number {
    const [byte = 0] = this.deps.random.bytes(1);
    return Math.round(milliseconds * (0.5 + byte / 510));
  }
}
