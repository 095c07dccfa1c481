import type { JsonObject } from "../../core/json.ts";
import type { HttpAnswer, HttpClient } from "../../core/ports.ts";

/** Where pushers of tests point to. */
export const GATEWAY_URL = "https://push.example.org/_matrix/push/v1/notify";

/** Push gateways in memory: they note what they are sent. */
export class FakeGateway implements HttpClient {
  readonly sent: { readonly url: string; readonly notification: JsonObject }[] = [];
  /** What the gateway answers from now on. */
  answer: () => HttpAnswer = () => ({ kind: "answer", status: 200, text: '{"rejected":[]}' });
  #waiting: (() => void)[] = [];

  postJson(url: string, body: JsonObject): Promise<HttpAnswer> {
    this.sent.push({ url, notification: body["notification"] as JsonObject });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
    return Promise.resolve(this.answer());
  }

  /** The notification with this number, from 1 on, as soon as it is there. */
  async nth(count: number): Promise<JsonObject> {
    while (this.sent.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.sent[count - 1]?.notification ?? {};
  }
}
