import type { DeviceId, RoomId, UserId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { EffectLane, HttpClient, Snapshot } from "../ports.ts";
import type { Services } from "../services.ts";
import { Lru } from "../sync/lru.ts";
import { memoryOf } from "../sync/memory.ts";
import { pushContext, pushEvent, pushRules } from "../sync/push-context.ts";
import type { Onlooker } from "../sync/push-context.ts";
import { isRead, unreadTotal } from "../sync/unread.ts";
import { events, memberships } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { Presenter } from "../timeline/presenter.ts";
import { millisecondsOf } from "../transaction/records.ts";
import type { Effect } from "../transaction/records.ts";
import {
  COUNTED_ROOMS_MAX,
  GATEWAY_ANSWER_BYTES_MAX,
  GATEWAY_TIMEOUT_MS,
  NOTIFICATIONS_KEPT_MS,
  NOTIFICATIONS_WAITING_MAX,
  TOLD_BADGES_MAX,
} from "./constants.ts";
import { evaluatePush } from "./evaluate.ts";
import type { PushOutcome } from "./evaluate.ts";
import { badgeNotification, eventNotification } from "./notification.ts";
import type { Notification } from "./notification.ts";
import { readGateways } from "./pushers.ts";
import type { Gateway } from "./pushers.ts";
import { removePushers } from "./set-pusher.ts";

export type PushDeps = Pick<Services, "reader" | "documents" | "runner" | "logger" | "now"> & {
  readonly http: HttpClient;
};

/**
 * Tells push gateways what notifies their users. A target is a user's gateway.
 * https://spec.matrix.org/v1.19/client-server-api/#push-notifications
 */
export class PushLane implements EffectLane {
  readonly name = "push";
  readonly keptMs = NOTIFICATIONS_KEPT_MS;
  readonly waitingMax = NOTIFICATIONS_WAITING_MAX;
  readonly #deps: PushDeps;
  /** What each gateway was told last of the number of unread messages. */
  readonly #told = new Lru<string, { readonly unread: number }>(TOLD_BADGES_MAX);

  constructor(deps: PushDeps) {
    this.#deps = deps;
  }

  async targetsOf(effect: Effect): Promise<readonly string[]> {
    using snapshot = this.#deps.reader.snapshot();
    const gateways = await readGateways(snapshot);
    const notified = new Map<UserId, boolean>();
    for (const { user } of gateways.values()) {
      if (notified.has(user)) continue;
      const isMeant =
        "badge" in effect
          ? effect.badge === user
          : (await this.#judge(snapshot, user, effect)) !== undefined;
      notified.set(user, isMeant);
    }
    return [...gateways].filter(([, { user }]) => notified.get(user)).map(([name]) => name);
  }

  async perform(target: string, effect: Effect, signal: AbortSignal): Promise<"done" | "failed"> {
    const request = await this.#requestFor(target, effect);
    if (!request) return "done";
    const { gateway, unread, notification } = request;
    const answer = await this.#post(gateway.url, notification, signal);
    if (answer === undefined) return "failed";
    this.#told.set(target, { unread });
    await this.#dropRejected(gateway, answer);
    return "done";
  }

  /** What the gateway answered; undefined where it is to be asked again. */
  async #post(
    url: string,
    notification: Notification,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { http, logger } = this.#deps;
    try {
      const answer = await http.postJson(url, notification, {
        timeoutMs: GATEWAY_TIMEOUT_MS,
        answerBytesMax: GATEWAY_ANSWER_BYTES_MAX,
        signal,
      });
      if (answer.kind === "refused") {
        logger.warn({ url, reason: answer.reason }, "a push gateway is not asked");
        return "";
      }
      if (answer.status >= 200 && answer.status <= 299) return answer.text;
      logger.debug({ url, status: answer.status }, "a push gateway did not take a notification");
    } catch (error) {
      logger.debug({ url, err: error }, "a push gateway cannot be reached");
    }
    return undefined;
  }

  /** Undefined where there is nothing to say any more: read, redacted, muted, logged out. */
  async #requestFor(
    target: string,
    effect: Effect,
  ): Promise<{ gateway: Gateway; unread: number; notification: Notification } | undefined> {
    using snapshot = this.#deps.reader.snapshot();
    const gateway = (await readGateways(snapshot)).get(target);
    if (!gateway) return undefined;
    const { user } = gateway;
    if ("badge" in effect) {
      const unread = await this.#unread(snapshot, user);
      if (this.#told.get(target)?.unread === unread) return undefined;
      return { gateway, unread, notification: badgeNotification(gateway, unread) };
    }
    const judged = await this.#judge(snapshot, user, effect);
    if (!judged) return undefined;
    const unread = await this.#unread(snapshot, user);
    const { event, outcome } = judged;
    const notification = eventNotification(snapshot, gateway, event, outcome, unread);
    return { gateway, unread, notification };
  }

  /** Undefined where the event does not notify the user. */
  async #judge(
    snapshot: Snapshot,
    user: UserId,
    effect: Extract<Effect, { event: unknown }>,
  ): Promise<{ event: StoredEvent; outcome: PushOutcome } | undefined> {
    const event = snapshot.get(events, [effect.event]);
    if (!event || event.hidden || event.rejected !== undefined || event.redactedBy)
      return undefined;
    const { room, pdu } = event;
    const isTarget = pdu.type === "m.room.member" && pdu.state_key === user;
    const membership = snapshot.get(memberships, [user, room])?.membership;
    if (membership !== "join" && !(isTarget && membership === "invite")) return undefined;
    const onlooker = this.#onlooker(snapshot, user);
    const rules = await pushRules(onlooker);
    const presenter = this.#presenter(snapshot, user, room);
    const outcome = evaluatePush(rules, pushEvent(event), pushContext(user, presenter, pdu.sender));
    if (!outcome.notify || isRead(onlooker, presenter, event)) return undefined;
    // Who is invited sees the invitation, though nothing else of the room.
    const isShown = isTarget ? !presenter.ignored.has(pdu.sender) : presenter.shows(event);
    return isShown ? { event, outcome } : undefined;
  }

  async #unread(snapshot: Snapshot, user: UserId): Promise<number> {
    const onlooker = this.#onlooker(snapshot, user);
    const rows = await snapshot.range(memberships, { prefix: [user], limit: COUNTED_ROOMS_MAX });
    let sum = 0;
    for (const [[, room], { membership }] of rows) {
      if (membership !== "join") continue;
      sum += await unreadTotal(onlooker, this.#presenter(snapshot, user, room));
    }
    return sum;
  }

  #onlooker(snapshot: Snapshot, user: UserId): Onlooker {
    return { user, snapshot, memory: memoryOf(this.#deps.reader) };
  }

  #presenter(snapshot: Snapshot, user: UserId, room: RoomId): Presenter {
    const requester = { user, device: "" as DeviceId, tokenId: "", deviceCreated: 0 };
    const nowMs = millisecondsOf(this.#deps.now());
    const { documents: docs } = this.#deps;
    return new Presenter({ snapshot, docs, requester, nowMs, withRoom: true }, room);
  }

  async #dropRejected({ user, pushers, url }: Gateway, answer: string): Promise<void> {
    const rejected = rejectedKeys(answer);
    const names = pushers.filter(({ pushkey }) => rejected.has(pushkey));
    if (names.length === 0) return;
    const { logger, runner } = this.#deps;
    try {
      await runner.run(removePushers, { user, names });
      logger.info({ user, url, pushers: names.length }, "rejected pushers were removed");
    } catch (error) {
      // The gateway names them again with the next notification.
      logger.warn({ user, url, err: error }, "rejected pushers were not removed");
    }
  }
}

function rejectedKeys(answer: string): ReadonlySet<unknown> {
  let body: unknown;
  try {
    body = JSON.parse(answer);
  } catch {
    return new Set();
  }
  const rejected = isObject(body) ? (body as JsonObject)["rejected"] : undefined;
  return new Set(Array.isArray(rejected) ? (rejected as unknown[]) : []);
}
