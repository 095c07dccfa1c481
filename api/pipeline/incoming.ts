import type { IncomingMessage, ServerResponse } from "node:http";
import type { JsonObject } from "../../core/json.ts";
import type { Requester } from "../../core/services.ts";
import type { Request } from "../endpoint.ts";

const NO_BODY: JsonObject = Object.freeze({});

/** A request as handlers see it, filled by the pipeline step by step. */
export class Incoming implements Request<string, Requester | undefined> {
  params: Readonly<Record<string, string>> = {};
  body: JsonObject = NO_BODY;
  auth: Requester | undefined;
  readonly ip: string;
  readonly method: string;
  readonly path: string;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #stopping: AbortSignal;
  readonly #search: string;
  #query: URLSearchParams | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    message: IncomingMessage,
    response: ServerResponse,
    context: { readonly ip: string; readonly stopping: AbortSignal },
  ) {
    const url = message.url ?? "/";
    const mark = url.indexOf("?");
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.method = message.method ?? "GET";
    this.#search = mark < 0 ? "" : url.slice(mark + 1);
    this.ip = context.ip;
    this.#message = message;
    this.#response = response;
    this.#stopping = context.stopping;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#search);
    return this.#query;
  }

  get headers(): Readonly<Record<string, string | string[] | undefined>> {
    return this.#message.headers;
  }

  get stream(): AsyncIterable<Uint8Array> {
    // A handler that stops reading must leave the connection open for its answer.
    return this.#message.iterator({ destroyOnReturn: false });
  }

  /** Made when first asked for: few handlers wait for anything. */
  get signal(): AbortSignal {
    this.#signal ??= this.#makeSignal();
    return this.#signal;
  }

  #makeSignal(): AbortSignal {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    if (this.#response.destroyed || this.#stopping.aborted) abort();
    this.#stopping.addEventListener("abort", abort, { once: true });
    this.#response.once("close", () => {
      this.#stopping.removeEventListener("abort", abort);
      abort();
    });
    return controller.signal;
  }
}
