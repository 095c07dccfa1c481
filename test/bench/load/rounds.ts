import { idOf, nextBatch } from "./arrival.ts";
import { HttpClient } from "./http-client.ts";
import { sendMessage } from "./send-load.ts";

/** What people do first when they open their client, at one box and one after the other. */
export interface RoundsLoad {
  readonly url: string;
  readonly room: string;
  readonly sender: { readonly token: string };
  readonly reader: { readonly token: string; readonly name: string; readonly password: string };
  readonly rounds: number;
}

/** Milliseconds from request to answer, one of each for a round. */
export interface RoundsResult {
  readonly versions: readonly number[];
  readonly login: readonly number[];
  readonly send: readonly number[];
  readonly sync: readonly number[];
}

/** The same in each round, or the reader would own a device for each. */
const DEVICE = "BENCH";

export async function measureRounds(load: RoundsLoad): Promise<RoundsResult> {
  const { reader, room } = load;
  const stranger = new HttpClient(load.url);
  const sending = new HttpClient(load.url, load.sender.token);
  const syncing = new HttpClient(load.url, reader.token);
  const identifier = { type: "m.id.user", user: reader.name };
  const form = { type: "m.login.password", identifier, password: reader.password };
  const result = { versions: [], login: [], send: [], sync: [] } satisfies RoundsResult;
  const timed = (times: number[], run: () => Promise<string>): Promise<string> => {
    const began = performance.now();
    return run().finally(() => times.push(performance.now() - began));
  };
  let since = nextBatch(await syncing.ask("GET", "/_matrix/client/v3/sync"));
  for (let i = 0; i < load.rounds; i++) {
    await timed(result.versions, () => stranger.ask("GET", "/_matrix/client/versions"));
    await timed(result.login, () =>
      stranger.ask("POST", "/_matrix/client/v3/login", { ...form, device_id: DEVICE }),
    );
    const event = idOf(await timed(result.send, () => sendMessage(sending, room)));
    const path = `/_matrix/client/v3/sync?timeout=0&since=${encodeURIComponent(since)}`;
    const news = await timed(result.sync, () => syncing.ask("GET", path));
    if (!news.includes(event)) throw new Error("the news were not in the sync");
    since = nextBatch(news);
  }
  for (const client of [stranger, sending, syncing]) client.close();
  return result;
}
