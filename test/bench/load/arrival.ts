import { setTimeout as delay } from "node:timers/promises";
import { HttpClient } from "./http-client.ts";
import { sendMessage } from "./send-load.ts";

export interface ArrivalLoad {
  readonly room: string;
  readonly sender: { readonly url: string; readonly token: string };
  readonly receiver: { readonly url: string; readonly token: string };
  readonly messages: number;
  /** Pause after each arrival, in milliseconds: people do not type back to back. */
  readonly pauseMs: number;
}

export interface ArrivalResult {
  /** Milliseconds from the send request to the answer of the waiting sync. */
  readonly latencies: readonly number[];
}

/** Enough for the server to begin its wait before the next message is sent, milliseconds. */
const SETTLE_MS = 15;

/** One person sends; another, whose sync waits at another box, gets it. */
export async function measureArrival(load: ArrivalLoad): Promise<ArrivalResult> {
  const sender = new HttpClient(load.sender.url, load.sender.token);
  const receiver = new HttpClient(load.receiver.url, load.receiver.token);
  const latencies: number[] = [];
  let since = nextBatch(await receiver.ask("GET", "/_matrix/client/v3/sync"));
  for (let i = 0; i < load.messages; i++) {
    await delay(load.pauseMs);
    const waiting = untilSeen(receiver, since, () => event);
    await delay(SETTLE_MS);
    const sentAt = performance.now();
    const event = sendMessage(sender, load.room).then((text) => idOf(text));
    const seen = await waiting;
    latencies.push(seen.at - sentAt);
    since = seen.since;
  }
  sender.close();
  receiver.close();
  return { latencies };
}

/** Syncs until the event is there; `at` is when the answer that holds it was complete. */
async function untilSeen(
  receiver: HttpClient,
  from: string,
  event: () => Promise<string>,
): Promise<{ readonly at: number; readonly since: string }> {
  let since = from;
  for (;;) {
    const path = `/_matrix/client/v3/sync?timeout=30000&since=${encodeURIComponent(since)}`;
    const text = await receiver.ask("GET", path);
    const at = performance.now();
    since = nextBatch(text);
    if (text.includes(await event())) return { at, since };
  }
}

export function nextBatch(text: string): string {
  return (JSON.parse(text) as { next_batch: string }).next_batch;
}

export function idOf(text: string): string {
  return (JSON.parse(text) as { event_id: string }).event_id;
}
