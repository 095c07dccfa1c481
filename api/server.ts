import type { RequestListener } from "node:http";
import { Readable } from "node:stream";
import Koa from "koa";
import type { Json } from "../core/json.ts";
import type { Endpoint, Reply } from "./endpoint.ts";
import { ClientGone, discardBody } from "./pipeline/body.ts";
import { clientAddress } from "./pipeline/client-address.ts";
import { CORS_HEADERS, EXPOSED_HEADERS, PREFLIGHT_SECONDS } from "./pipeline/cors.ts";
import { errorAnswer } from "./pipeline/errors.ts";
import { Incoming } from "./pipeline/incoming.ts";
import { Pipeline } from "./pipeline/pipeline.ts";
import type { PipelineOptions } from "./pipeline/pipeline.ts";

/** What was answered. */
export interface Answer {
  readonly method: string;
  /** The endpoint; `undefined` where no path and method fits. */
  readonly endpoint: Endpoint | undefined;
  readonly status: number;
  /** `undefined` when the answer is bytes. */
  readonly json: Json | undefined;
  readonly milliseconds: number;
}

export interface ApiOptions extends PipelineOptions {
  /** Sees every answer: metrics count them, tests hold them to the specification. */
  readonly observe?: (answer: Answer) => void;
}

export interface Api {
  callback(): RequestListener;
  /** Ends the waiting requests: their signals abort, so long polls answer at once. */
  stop(): void;
}

/** The HTTP API over core; the only place that knows koa. */
export function createApi(options: ApiOptions): Api {
  const { logger, timers } = options.services;
  const pipeline = new Pipeline(options);
  const stopping = new AbortController();
  const app = new Koa();
  app.on("error", (error) => logger.debug({ err: error }, "an answer did not get through"));
  app.use(async (context) => {
    const { req, res } = context;
    const started = timers.elapsed();
    context.set(CORS_HEADERS);
    if (req.method === "OPTIONS") return answerPreflight(context);
    const request = new Incoming(req, res, { ip: clientAddress(req), stopping: stopping.signal });
    const match = pipeline.match(req, request);
    const endpoint = match.kind === "found" ? match.route.endpoint : undefined;
    let reply: Reply;
    try {
      reply = await pipeline.run(req, request, match);
      write(context, reply);
    } catch (error) {
      if (error instanceof ClientGone || res.destroyed) return;
      if (match.kind === "wrong-method") context.set("allow", match.allowed.join(", "));
      reply = errorAnswer(error, logger, { method: req.method, operation: endpoint?.operationId });
      write(context, reply);
      discardBody(req);
    }
    if (stopping.signal.aborted) context.set("connection", "close");
    options.observe?.({
      method: req.method ?? "GET",
      endpoint,
      status: context.status,
      json: "json" in reply ? reply.json : undefined,
      milliseconds: timers.elapsed() - started,
    });
  });
  return { callback: () => app.callback(), stop: () => stopping.abort() };
}

function answerPreflight(context: Koa.Context): void {
  context.set("access-control-max-age", String(PREFLIGHT_SECONDS));
  context.status = 204;
}

function write(context: Koa.Context, reply: Reply): void {
  context.set("access-control-expose-headers", EXPOSED_HEADERS);
  context.status = reply.status ?? 200;
  if ("json" in reply) {
    context.set("content-type", "application/json");
    if (reply.headers) context.set(reply.headers);
    context.body = JSON.stringify(reply.json);
    return;
  }
  context.set(reply.headers);
  const body = Readable.from(reply.bytes);
  // The status is sent already: cutting the connection is the only way to say that bytes are missing.
  body.once("error", () => context.res.destroy());
  context.body = body;
}
