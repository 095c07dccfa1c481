import type { Endpoint, Method } from "./endpoint.ts";

/** A path that leads to an endpoint; `names` are its parameters in order. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly names: readonly string[];
}

/** Values are as in the URL, still percent-encoded, one for each of the route's names. */
export type Match =
  | { readonly kind: "found"; readonly route: Route; readonly values: readonly string[] }
  | { readonly kind: "wrong-method"; readonly allowed: readonly Method[] }
  | { readonly kind: "unknown-path" };

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | undefined;
  readonly routes: Map<string, Route>;
}

const newNode = (): Node => ({ literals: new Map(), parameter: undefined, routes: new Map() });

/** Versions whose paths old clients still use for the same operations. */
const PREFIX_ALIASES: readonly (readonly [current: string, old: string])[] = [
  ["/_matrix/client/v3/", "/_matrix/client/r0/"],
  ["/_matrix/media/v3/", "/_matrix/media/r0/"],
];

/**
 * Finds endpoints by method and path: exact, case-sensitive, a trailing slash counts. Literal
 * segments win over parameters; a parameter takes one whole segment that is not empty.
 */
export class Router {
  readonly #root = newNode();

  constructor(endpoints: readonly Endpoint[]) {
    for (const endpoint of endpoints) {
      for (const path of pathsOf(endpoint)) this.#add(path, endpoint);
    }
  }

  /** `path` is the URL's, without its query. */
  match(method: string, path: string): Match {
    const segments = path.split("/");
    const allowed = new Set<Method>();
    const values: string[] = [];
    const route = find(this.#root, segments, 1, method, values, allowed);
    if (route !== undefined) return { kind: "found", route, values };
    return allowed.size > 0
      ? { kind: "wrong-method", allowed: [...allowed] }
      : { kind: "unknown-path" };
  }

  #add(path: string, endpoint: Endpoint): void {
    let node = this.#root;
    const names: string[] = [];
    for (const segment of path.split("/").slice(1)) {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      if (name === undefined) {
        const next = node.literals.get(segment) ?? newNode();
        node.literals.set(segment, next);
        node = next;
      } else {
        names.push(name);
        node.parameter ??= newNode();
        node = node.parameter;
      }
    }
    const taken = node.routes.get(endpoint.method)?.endpoint.operationId;
    if (taken !== undefined) {
      throw new Error(`${endpoint.method} ${path}: both ${taken} and ${endpoint.operationId}`);
    }
    node.routes.set(endpoint.method, { endpoint, names });
  }
}

function pathsOf(endpoint: Endpoint): string[] {
  const paths = [endpoint.path, ...(endpoint.aliases ?? [])];
  const old = PREFIX_ALIASES.flatMap(([current, before]) =>
    paths
      .filter((path) => path.startsWith(current))
      .map((path) => before + path.slice(current.length)),
  );
  return [...new Set([...paths, ...old])];
}

function find(
  node: Node,
  segments: readonly string[],
  at: number,
  method: string,
  values: string[],
  allowed: Set<Method>,
): Route | undefined {
  const segment = segments[at];
  if (segment === undefined) {
    const route = node.routes.get(method);
    if (route === undefined)
      for (const { endpoint } of node.routes.values()) allowed.add(endpoint.method);
    return route;
  }
  const literal = node.literals.get(segment);
  if (literal !== undefined) {
    const route = find(literal, segments, at + 1, method, values, allowed);
    if (route !== undefined) return route;
  }
  if (node.parameter === undefined || segment === "") return undefined;
  values.push(segment);
  const route = find(node.parameter, segments, at + 1, method, values, allowed);
  if (route === undefined) values.pop();
  return route;
}
