import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { systemTimers } from "../../bin/timers.ts";
import type { BoxId, ServerName } from "../../core/ids.ts";
import type { Blobs, Logger } from "../../core/ports.ts";
import type { ServerSettings, Services } from "../../core/services.ts";
import { HYBRID_TICKS_PER_MS } from "../../core/transaction/records.ts";
import type { HybridTime } from "../../core/transaction/records.ts";

export const FAKE_SERVER = "hearth.test" as ServerName;
const FAKE_BOX = "abcdefgh" as BoxId;
/** 2026-01-01. */
const EPOCH_MS = 1_767_225_600_000;

export interface FakeServices extends Services {
  /** The wall clock; moves only when a test moves it. */
  readonly clock: { ms: number };
  /** What was logged as an error. */
  readonly errors: Readonly<Record<string, unknown>>[];
}

/**
 * Services for tests of the HTTP layer alone: an empty store that takes no writes. Tests that need
 * accounts and rooms use `one-box.ts`. `overrides` replaces ports and, member by member, the settings.
 */
export function fakeServices(
  overrides: Omit<Partial<Services>, "settings"> & { settings?: Partial<ServerSettings> } = {},
): FakeServices {
  const clock = { ms: EPOCH_MS };
  const errors: Readonly<Record<string, unknown>>[] = [];
  const { settings, ...ports } = overrides;
  const now = (): HybridTime => (clock.ms * HYBRID_TICKS_PER_MS) as HybridTime;
  const { privateKey } = generateKeyPairSync("ed25519");
  const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const signingKey = { server: FAKE_SERVER, keyId: "ed25519:test", privateKey };
  return {
    clock,
    errors,
    serverName: FAKE_SERVER,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    signingKey,
    tokenKeys: [{ kid: "k1", key: new Uint8Array(32).fill(7) }],
    reader: { get: () => undefined, snapshot: () => unused("reader.snapshot") },
    documents: {
      get: () => undefined,
      all: () => [],
      entries: () => [],
      changed: () => [],
      heads: () => [],
      contains: () => false,
      maximal: (_doc, heads) => [...heads],
    },
    runner: { run: () => unused("runner.run") },
    notifier: { wait: () => unused("notifier.wait") },
    claims: { claim: async () => "granted", release: async () => undefined },
    blobs: fakeBlobs(),
    ephemeral: { serial: 0, set: () => undefined, since: () => [], get: () => undefined },
    boxes: {
      self: FAKE_BOX,
      members: () => [FAKE_BOX],
      reachable: () => [FAKE_BOX],
      mayHandOut: () => true,
      claimOneTimeKey: async () => undefined,
    },
    random,
    timers: systemTimers,
    logger: fakeLogger(errors),
    now,
    isCaughtUp: () => true,
    ...ports,
  };
}

const DEFAULT_SETTINGS: ServerSettings = {
  publicBaseUrl: undefined,
  openRegistration: true,
  registrationTokens: [],
  uploadBytesMax: 1024 * 1024,
  turn: undefined,
  rateLimits: false,
  version: "0.0.0-test",
};

/** Blobs in memory. */
export function fakeBlobs(): Blobs {
  const blobs = new Map<string, Buffer>();
  return {
    write: async (body) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const hash = createHash("sha256").update(bytes).digest("hex");
      blobs.set(hash, bytes);
      return { hash, sizeBytes: bytes.length };
    },
    read: async (hash) => {
      const bytes = blobs.get(hash);
      if (bytes === undefined) return undefined;
      return (async function* read() {
        yield bytes;
      })();
    },
  };
}

function unused(port: string): never {
  throw new Error(`${port} is not part of the fake services: use one-box.ts`);
}

function fakeLogger(errors: Readonly<Record<string, unknown>>[]): Logger {
  const quiet = (): void => undefined;
  return { debug: quiet, info: quiet, warn: quiet, error: (fields) => void errors.push(fields) };
}
