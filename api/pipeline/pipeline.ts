import type { IncomingMessage } from "node:http";
import { MatrixError, tooLarge, unavailable } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Requester, Services } from "../../core/services.ts";
import { bodyBytesMax } from "../constants.ts";
import type { Endpoint, Reply } from "../endpoint.ts";
import { Router } from "../router.ts";
import type { Match, Route } from "../router.ts";
import { bodyValidator } from "../schema/bodies.ts";
import { declaredLength, parseBody, readBody } from "./body.ts";
import type { Incoming } from "./incoming.ts";
import { checkParameters, decodeParameters, rulesOf } from "./parameters.ts";
import type { ParameterRule } from "./parameters.ts";
import { RateLimiter, budgetOwner } from "./rate-limit.ts";
import { accessTokenOf, requireToken } from "./token.ts";

export interface PipelineOptions {
  readonly services: Services;
  readonly endpoints: readonly Endpoint[];
  /** The session behind an access token; `MatrixError` 401 or 503 where there is none. */
  readonly authenticate: (token: string) => Requester | Promise<Requester>;
  /** Why the box cannot answer now, for people; `undefined` when it can. */
  readonly notReady?: () => string | undefined;
}

/** What is known of an endpoint before any request. */
interface Prepared {
  readonly bytesMax: number;
  readonly rules: readonly ParameterRule[];
  readonly checkBody: ((body: Json) => void) | undefined;
}

/**
 * What happens to a request before and after its handler, in this order: size, method and path,
 * readiness, access token, rate limit, percent escapes, parameters, JSON, schema.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #router: Router;
  readonly #limiter: RateLimiter;
  readonly #prepared = new Map<Endpoint, Prepared>();

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#router = new Router(options.endpoints);
    const { timers } = options.services;
    this.#limiter = new RateLimiter(() => timers.elapsed());
    for (const endpoint of options.endpoints) {
      this.#prepared.set(endpoint, {
        bytesMax: bodyBytesMax(endpoint.operationId),
        rules: rulesOf(endpoint.operationId),
        checkBody:
          endpoint.bodySchema === undefined ? undefined : bodyValidator(endpoint.bodySchema),
      });
    }
  }

  match(message: IncomingMessage, request: Incoming): Match {
    return this.#router.match(message.method ?? "GET", request.path);
  }

  async run(message: IncomingMessage, request: Incoming, match: Match): Promise<Reply> {
    this.#checkSize(message, match);
    const { endpoint, names, values } = found(match);
    this.#checkReady();
    request.auth = await this.#authenticate(endpoint, message, request);
    this.#limit(endpoint, request);
    const { rules, checkBody, bytesMax } = this.#of(endpoint);
    request.params = withDefaults(endpoint, decodeParameters(names, values));
    checkParameters(rules, request.params, () => request.query);
    if (takesJson(endpoint)) {
      request.body = await jsonBody(message, endpoint, bytesMax);
      checkBody?.(request.body);
    }
    return endpoint.handle(request, this.#options.services);
  }

  #of(endpoint: Endpoint): Prepared {
    const prepared = this.#prepared.get(endpoint);
    if (prepared === undefined) throw new Error(`${endpoint.operationId} was not prepared`);
    return prepared;
  }

  #checkSize(message: IncomingMessage, match: Match): void {
    const length = declaredLength(message);
    const raw = match.kind === "found" && match.route.endpoint.rawBody;
    if (length === undefined || raw) return;
    const bytesMax =
      match.kind === "found" ? this.#of(match.route.endpoint).bytesMax : bodyBytesMax("");
    if (length > bytesMax) throw tooLarge(`the body has more than ${bytesMax} bytes`);
  }

  #checkReady(): void {
    const reason = this.#options.notReady?.();
    if (reason !== undefined) throw unavailable(reason);
  }

  async #authenticate(
    endpoint: Endpoint,
    message: IncomingMessage,
    request: Incoming,
  ): Promise<Requester | undefined> {
    if (endpoint.auth === "none") return undefined;
    const token = accessTokenOf(message, () => request.query);
    if (token === undefined && endpoint.auth === "optional") return undefined;
    return this.#options.authenticate(requireToken(token));
  }

  #limit(endpoint: Endpoint, request: Incoming): void {
    if (!this.#options.services.settings.rateLimits) return;
    this.#limiter.take(endpoint.rateLimit, budgetOwner(request.auth?.user, request.ip));
  }
}

function found(match: Match): Route & { readonly values: readonly string[] } {
  if (match.kind === "found") return { ...match.route, values: match.values };
  if (match.kind === "unknown-path") {
    throw new MatrixError(404, "M_UNRECOGNIZED", "there is no such endpoint");
  }
  throw new MatrixError(405, "M_UNRECOGNIZED", `the endpoint has ${match.allowed.join(", ")} only`);
}

/** A parameter that an alias path leaves out, the state key, is empty. */
function withDefaults(
  endpoint: Endpoint,
  params: Record<string, string>,
): Readonly<Record<string, string>> {
  if (endpoint.aliases === undefined) return params;
  for (const [, name = ""] of endpoint.path.matchAll(/\{(\w+)\}/g)) params[name] ??= "";
  return params;
}

function takesJson(endpoint: Endpoint): boolean {
  if (endpoint.rawBody || endpoint.method === "GET") return false;
  return endpoint.method !== "DELETE" || endpoint.bodySchema !== undefined;
}

/** A body may be missing where the endpoint says so, and on DELETE, where many clients send none. */
async function jsonBody(
  message: IncomingMessage,
  endpoint: Endpoint,
  bytesMax: number,
): Promise<JsonObject> {
  const bytes = await readBody(message, bytesMax);
  const optional = endpoint.bodyOptional || endpoint.method === "DELETE";
  return optional && bytes.length === 0 ? {} : parseBody(bytes);
}
