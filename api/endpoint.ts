import type { Json, JsonObject } from "../core/json.ts";
import type { Requester, Services } from "../core/services.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Names between braces of a path literal: `"/x/{a}/{b}"` gives `"a" | "b"`. */
export type PathParameter<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameter<Rest>
  : never;

/** Requests of a class share a budget; `pipeline/rate-limit.ts` has the figures. */
export type RateLimitClass =
  | "none"
  | "default"
  | "login"
  | "registration"
  | "message"
  | "media"
  | "report";

/** A request after size, path, token, escapes, JSON and schema were checked, in this order. */
export interface Request<P extends string, Auth> {
  readonly method: string;
  /** The path as it came, percent-encoded, without the query. */
  readonly path: string;
  /** Decoded path parameters; each is a string without NUL of at most 1,024 bytes. */
  readonly params: Readonly<Record<PathParameter<P>, string>>;
  readonly query: URLSearchParams;
  /** The JSON body, valid against `bodySchema`; `{}` where the endpoint has none. */
  readonly body: JsonObject;
  /** The raw body of an endpoint with `rawBody`. */
  readonly stream: AsyncIterable<Uint8Array>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly auth: Auth;
  readonly ip: string;
  /** Aborts when the client goes away or the box stops. */
  readonly signal: AbortSignal;
}

/** JSON with status 200 unless a status is given; or bytes. */
export type Reply =
  | { readonly status?: number; readonly json: Json; readonly headers?: Record<string, string> }
  | {
      readonly status?: number;
      readonly bytes: AsyncIterable<Uint8Array>;
      readonly headers: Record<string, string>;
    };

interface Common<P extends string> {
  /** The spec's operationId; also the name of the exported constant. */
  readonly operationId: string;
  readonly method: Method;
  /** The spec's path, whole, with `{name}` for parameters. */
  readonly path: P;
  /** Further literal paths that answer alike: r0 forms that clients still use, an empty state key. */
  readonly aliases?: readonly string[];
  readonly rateLimit: RateLimitClass;
  /** Name of the compiled request body schema in `schema/`, normally the operationId. */
  readonly bodySchema?: string;
  /** The body is bytes, not JSON; the handler bounds it. */
  readonly rawBody?: true;
  /** A body may be absent or empty where the spec says so. */
  readonly bodyOptional?: true;
}

export interface PublicEndpoint<P extends string> extends Common<P> {
  readonly auth: "none";
  handle(request: Request<P, undefined>, services: Services): Promise<Reply>;
}
export interface UserEndpoint<P extends string> extends Common<P> {
  readonly auth: "accessToken";
  handle(request: Request<P, Requester>, services: Services): Promise<Reply>;
}
export interface OptionalEndpoint<P extends string> extends Common<P> {
  readonly auth: "optional";
  handle(request: Request<P, Requester | undefined>, services: Services): Promise<Reply>;
}

/** Declares an operation. Handlers take the request, call one command or query of core, shape the reply. */
export function publicEndpoint<const P extends string>(
  e: Omit<PublicEndpoint<P>, "auth">,
): Endpoint {
  return { ...e, auth: "none" } as unknown as Endpoint;
}
export function userEndpoint<const P extends string>(e: Omit<UserEndpoint<P>, "auth">): Endpoint {
  return { ...e, auth: "accessToken" } as unknown as Endpoint;
}
export function optionalEndpoint<const P extends string>(
  e: Omit<OptionalEndpoint<P>, "auth">,
): Endpoint {
  return { ...e, auth: "optional" } as unknown as Endpoint;
}

/** An operation with its parameter names forgotten, as the router keeps it. */
export interface Endpoint extends Common<string> {
  readonly auth: "none" | "accessToken" | "optional";
  handle(request: Request<string, Requester | undefined>, services: Services): Promise<Reply>;
}
