import type { DeviceId, ServerName, UserId } from "./ids.ts";
import type {
  Blobs,
  Boxes,
  Claims,
  DocumentViews,
  Ephemeral,
  Logger,
  Notifier,
  Random,
  Reader,
  Runner,
  Timers,
} from "./ports.ts";
import type { SigningKey } from "./event/sign.ts";
import type { HybridTime } from "./transaction/records.ts";

/** What the owner set; `bin/config` reads it from mesh.yaml. */
export interface ServerSettings {
  readonly publicBaseUrl: string | undefined;
  readonly openRegistration: boolean;
  /** Tokens that may be used any number of times; others are made with meshctl. */
  readonly registrationTokens: readonly string[];
  readonly uploadBytesMax: number;
  readonly turn:
    | {
        readonly uris: readonly string[];
        readonly sharedSecret?: string;
        readonly username?: string;
        readonly password?: string;
        readonly ttlSeconds: number;
      }
    | undefined;
  readonly rateLimits: boolean;
  readonly version: string;
}

/** Key of the access tokens, shared by the boxes. Older keys verify until they are dropped. */
export interface TokenKey {
  readonly kid: string;
  readonly key: Uint8Array;
}

/**
 * The ports put together, once, in `bin/box.ts`. Functions of core ask for the few they need:
 * `deps: Pick<Services, "reader" | "runner">`.
 */
export interface Services {
  readonly serverName: ServerName;
  readonly settings: ServerSettings;
  readonly signingKey: SigningKey;
  /** The first one signs. */
  readonly tokenKeys: readonly TokenKey[];
  readonly reader: Reader;
  /** Reading side only: state of rooms at heads that stored events name. */
  readonly documents: DocumentViews;
  readonly runner: Runner;
  readonly notifier: Notifier;
  readonly claims: Claims;
  readonly blobs: Blobs;
  readonly ephemeral: Ephemeral;
  readonly boxes: Boxes;
  readonly random: Random;
  readonly timers: Timers;
  readonly logger: Logger;
  /** The hybrid clock. */
  now(): HybridTime;
  /**
   * Has this box all that the reachable others have? While false, what is missing here may exist
   * elsewhere: answer 503, never 401 or 404 for a thing that must exist.
   */
  isCaughtUp(): boolean;
}

/** Who asks: a live session. */
export interface Requester {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly tokenId: string;
  /** When the device logged in. Absent where no token asks but the server by itself. */
  readonly issued?: HybridTime;
  /** When the device was made, in milliseconds: tells it from earlier ones with the same ID. */
  readonly deviceCreated: number;
}
