import { HttpClient } from "./http-client.ts";

/** One person who sends a message as soon as the one before is acknowledged. */
export interface Sender {
  readonly url: string;
  readonly token: string;
  readonly room: string;
}

/** Ends after `seconds`, or after `messages` of all senders together. */
export interface SendLoad {
  readonly senders: readonly Sender[];
  readonly seconds?: number;
  readonly messages?: number;
  /** Sent before the clock starts, so that caches and compilers are warm. */
  readonly warmUpSeconds?: number;
}

export interface SendResult {
  readonly messages: number;
  readonly seconds: number;
  /** Milliseconds from request to answer, one for each message. */
  readonly latencies: readonly number[];
}

/** As long as what people write, with a little more. */
const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(3);

/** Distinct for each run, or the boxes would recognise the transactions of the last one. */
const RUN = `${process.pid}-${Math.round(performance.timeOrigin)}`;
let counter = 0;

export function sendMessage(client: HttpClient, room: string): Promise<string> {
  counter++;
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${RUN}-${counter}`;
  return client.ask("PUT", path, { msgtype: "m.text", body: `${counter}: ${TEXT}` });
}

export async function sendLoad(load: SendLoad): Promise<SendResult> {
  const clients = load.senders.map(({ url, token }) => new HttpClient(url, token));
  const rooms = load.senders.map(({ room }) => room);
  if (load.warmUpSeconds !== undefined) {
    await sendUntil(clients, rooms, { seconds: load.warmUpSeconds });
  }
  const result = await sendUntil(clients, rooms, load);
  for (const client of clients) client.close();
  return result;
}

async function sendUntil(
  clients: readonly HttpClient[],
  rooms: readonly string[],
  { seconds = Number.POSITIVE_INFINITY, messages = Number.POSITIVE_INFINITY }: Partial<SendLoad>,
): Promise<SendResult> {
  const latencies: number[] = [];
  let begun = 0;
  const start = performance.now();
  const deadline = start + seconds * 1000;
  const one = async (client: HttpClient, room: string): Promise<void> => {
    while (begun < messages && performance.now() < deadline) {
      begun++;
      const sentAt = performance.now();
      await sendMessage(client, room);
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(clients.map((client, i) => one(client, rooms[i] ?? "")));
  const elapsed = (performance.now() - start) / 1000;
  return { messages: latencies.length, seconds: elapsed, latencies };
}
