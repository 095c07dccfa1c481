import { MatrixError } from "../errors.ts";
import type { EventId } from "../ids.ts";
import type { EffectLane, Env } from "../ports.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { events } from "../tables.ts";
import type { Effect } from "../transaction/records.ts";
import { sendInRoom } from "./build-event.ts";

const REASON = "Sent twice while parts of the server could not reach each other";

/** Command: redacts the twin that is not shown, once, in the name of its sender. */
export function redactTwin(
  draft: Draft,
  { event: id }: { readonly event: EventId },
  env: Env,
): void {
  const event = draft.event(id);
  if (event?.hidden !== "duplicate" || event.redactedBy !== undefined) return;
  const { room, pdu } = event;
  const content = { reason: REASON };
  sendInRoom(draft, env, {
    room,
    sender: pdu.sender,
    type: "m.room.redaction",
    content,
    redacts: id,
  });
}

/**
 * When two boxes that could not see each other both took a repeated request, one of the two events is
 * shown from then on. Clients that were told of the other one would keep showing it: a redaction is the
 * one way in which Matrix takes an event back from them.
 */
export class TwinLane implements EffectLane {
  readonly name = "twin";
  /** A split may last for months. */
  readonly keptMs = Infinity;
  /** A long one leaves many, and nobody else will take them back. */
  readonly waitingMax = Infinity;
  readonly #deps: Pick<Services, "runner" | "reader">;

  constructor(deps: Pick<Services, "runner" | "reader">) {
    this.#deps = deps;
  }

  /** Its room: one that takes no redaction now keeps no other one waiting. */
  targetsOf(effect: Effect): Promise<readonly string[]> {
    const event = "event" in effect && this.#deps.reader.get(events, [effect.event]);
    return Promise.resolve(event ? [event.room] : []);
  }

  async perform(_target: string, effect: Effect): Promise<"done" | "failed"> {
    if (!("event" in effect)) return "done";
    try {
      await this.#deps.runner.run(redactTwin, effect);
      return "done";
    } catch (error) {
      // Who has left the room may not even take back what is theirs.
      if (error instanceof MatrixError && error.status < 500) return "done";
      throw error;
    }
  }
}
