import { scrypt, timingSafeEqual } from "node:crypto";
import { MatrixError } from "../errors.ts";
import type { UserId } from "../ids.ts";
import type { Random, View } from "../ports.ts";
import { fields } from "../tables.ts";

/**
 * scrypt with 16 MiB of memory: about 50 ms on a desktop and 250 ms on a Raspberry Pi 4, where a hash
 * must not starve the other requests. Stored as `$scrypt$ln=14,r=8,p=1$<salt>$<hash>`, so that the cost
 * may be raised later without locking anyone out.
 */
const COST_LOG2 = 14;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Hashes computed at once; each holds 16 MiB and a thread of libuv's pool of four. */
const HASHES_AT_ONCE_MAX = 2;
/** Hashes that may wait for a place: about ten seconds' worth on a Pi, then clients are told to wait. */
const HASHES_WAITING_MAX = 64;
/** When a client that found no place may try again, in milliseconds: half the queue later. */
const RETRY_AFTER_MS = 5000;
/** Characters in a password. scrypt digests it first, so the bound only keeps requests small. */
export const PASSWORD_CHARACTERS_MAX = 1024;

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]{16,64})\$([\w+/]{32,128})$/;
/** Costs accepted from a stored hash; it may have come from an import. */
const COST_LOG2_MAX = 17;

let running = 0;
const waiting: (() => void)[] = [];

/** Takes turns process-wide: the CPU is shared by all that hash. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= HASHES_AT_ONCE_MAX) {
    if (waiting.length >= HASHES_WAITING_MAX) {
      const message = "too many passwords are being checked, try again soon";
      throw new MatrixError(429, "M_LIMIT_EXCEEDED", message, { retry_after_ms: RETRY_AFTER_MS });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running++;
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

function derive(
  password: string,
  salt: Uint8Array,
  cost: { ln: number; r: number; p: number },
): Promise<Buffer> {
  const N = 2 ** cost.ln;
  // 128·N·r bytes is what scrypt needs; Node's default bound is exactly that for N = 2^14.
  const options = { N, r: cost.r, p: cost.p, maxmem: 256 * N * cost.r };
  return inTurn(
    () =>
      new Promise((resolve, reject) => {
        scrypt(password.normalize("NFC"), salt, HASH_BYTES, options, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      }),
  );
}

const COST = { ln: COST_LOG2, r: BLOCK_SIZE, p: PARALLELISM };
const unpadded = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString("base64").replaceAll("=", "");

/** The text to store for a password. */
export async function hashPassword(random: Random, password: string): Promise<string> {
  const salt = random.bytes(SALT_BYTES);
  const key = await derive(password, salt, COST);
  const cost = `ln=${COST_LOG2},r=${BLOCK_SIZE},p=${PARALLELISM}`;
  return `$scrypt$${cost}$${unpadded(salt)}$${unpadded(key)}`;
}

/** Does the password fit the stored text? Without a stored text it takes as long and says no. */
export async function matchesHash(password: string, stored: string | undefined): Promise<boolean> {
  const parts = stored === undefined ? null : PHC.exec(stored);
  const [, ln, r, p, salt, expected] = parts ?? [];
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (salt === undefined || expected === undefined || cost.ln > COST_LOG2_MAX) {
    await derive(password, Buffer.alloc(SALT_BYTES), COST);
    return false;
  }
  const given = await derive(password, Buffer.from(salt, "base64"), cost);
  const wanted = Buffer.from(expected, "base64");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Does the password belong to the account? Unknown and deactivated accounts cost the same time. */
export async function checkPassword(
  deps: { readonly reader: View },
  user: UserId,
  password: string,
): Promise<boolean> {
  const stored = deps.reader.get(fields, [`user:${user}`, "account", "password_hash"]);
  const fits = password.length <= PASSWORD_CHARACTERS_MAX;
  const text = typeof stored === "string" && fits ? stored : undefined;
  return matchesHash(fits ? password : "", text);
}

/**
 * A value that only this name with this password gives, for the register of names: a registration whose
 * answer was lost may be repeated, on any box, and is not told that its name is taken by itself.
 */
export async function nameClaimValue(
  pepper: Uint8Array,
  user: UserId,
  password: string,
): Promise<string> {
  const salt = Buffer.concat([Buffer.from(pepper), Buffer.from(`name-claim:${user}`)]);
  return `pw:${(await derive(password, salt, COST)).toString("base64url")}`;
}
