import { MatrixError } from "../../core/errors.ts";
import type { RateLimitClass } from "../endpoint.ts";

interface Budget {
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests earned back each second. */
  readonly perSecond: number;
}

/**
 * Budgets of one user or, before login, one address. Clients at their busiest stay far below: opening a
 * large account makes some hundred requests, a call one heartbeat in five seconds.
 */
const BUDGETS: Readonly<Record<Exclude<RateLimitClass, "none">, Budget>> = {
  default: { burst: 400, perSecond: 100 },
  login: { burst: 50, perSecond: 0.5 },
  registration: { burst: 50, perSecond: 0.2 },
  message: { burst: 200, perSecond: 20 },
  media: { burst: 200, perSecond: 40 },
  report: { burst: 10, perSecond: 0.05 },
};

/** Users and addresses whose budgets are remembered; the one silent for longest is forgotten first. */
const BUCKETS_MAX = 10_000;

interface Bucket {
  tokens: number;
  /** When `tokens` was right, in ms of the handed-in clock. */
  at: number;
}

/** A token bucket for each user or address and each class of requests. */
export class RateLimiter {
  readonly #elapsedMs: () => number;
  /** In the order of last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
  }

  /** Takes one request from the budget; throws 429 M_LIMIT_EXCEEDED when it is used up. */
  take(kind: RateLimitClass, who: string): void {
    if (kind === "none") return;
    const { burst, perSecond } = BUDGETS[kind];
    const key = `${kind} ${who}`;
    const now = this.#elapsedMs();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    this.#forgetOldest();
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) throw limitExceeded(((1 - bucket.tokens) / perSecond) * 1000);
    bucket.tokens -= 1;
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= BUCKETS_MAX) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

function limitExceeded(retryAfterMs: number): MatrixError {
  return new MatrixError(429, "M_LIMIT_EXCEEDED", "too many requests, try again later", {
    retry_after_ms: Math.ceil(retryAfterMs),
  });
}

/** Who pays for a request: the user, else the address. */
export function budgetOwner(user: string | undefined, address: string): string {
  return user ?? (address.includes(":") ? networkOf(address) : address);
}

const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** The /64 of an IPv6 address: whoever has one address of it has them all. */
function networkOf(address: string): string {
  const [left = "", right = ""] = address.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === "" ? [] : right.split(":");
  const zeros = Math.max(0, GROUPS - head.length - tail.length);
  return [...head, ...Array<string>(zeros).fill("0"), ...tail].slice(0, NETWORK_GROUPS).join(":");
}
