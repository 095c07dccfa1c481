import { ignore, silent } from "./sdk-log.ts";
import { expect } from "vitest";
import {
  createClient,
  MatrixEventEvent,
  PendingEventOrdering,
  RoomEvent,
  RoomStateEvent,
  SyncState,
  ThreadEvent,
} from "matrix-js-sdk";
import {
  AuthType,
  ClientEvent,
  EventStatus,
  EventType,
  MsgType,
  RoomMemberEvent,
} from "matrix-js-sdk";
import type { AuthDict, ICreateRoomOpts, MatrixClient, MatrixEvent } from "matrix-js-sdk";
import type { LoginResponse, Room, UIAuthCallback } from "matrix-js-sdk";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { CryptoApi, GeneratedSecretStorageKey } from "matrix-js-sdk/lib/crypto-api/index.js";
import { untilTrue } from "./wait.ts";

/** How long a `/sync` is held, milliseconds; also what a stopped client may still have open. */
const POLL_MS = 5000;
const PAGE_EVENTS = 100;
const RESENDS_MAX = 20;

/** What changes what a room shows to its user. */
const ROOM_CHANGES = [
  ClientEvent.Room,
  ClientEvent.Sync,
  MatrixEventEvent.Decrypted,
  MatrixEventEvent.Replaced,
  RoomEvent.MyMembership,
  RoomEvent.Receipt,
  RoomEvent.Redaction,
  RoomEvent.Timeline,
  RoomMemberEvent.Membership,
  RoomMemberEvent.Typing,
  RoomEvent.UnreadNotifications,
  RoomStateEvent.Events,
  ThreadEvent.New,
  ThreadEvent.NewReply,
  ThreadEvent.Update,
];

/** One device of one person: a `matrix-js-sdk` client with the Rust crypto, all in memory. */
export class SdkClient {
  readonly id: string;
  readonly device: string;
  readonly sdk: MatrixClient;
  readonly #password: string;
  #recovery: GeneratedSecretStorageKey | undefined;

  private constructor(url: string, login: LoginResponse, password: string) {
    this.id = login.user_id;
    this.device = login.device_id;
    this.#password = password;
    this.sdk = createClient({
      baseUrl: url,
      userId: login.user_id,
      deviceId: login.device_id,
      accessToken: login.access_token,
      logger: silent,
      cryptoCallbacks: {
        getSecretStorageKey: ({ keys }) => this.#secretStorageKey(Object.keys(keys)),
        cacheSecretStorageKey: ignore,
      },
    });
  }

  /** A new account through this URL, its client not yet started. */
  static async register(url: string, name: string): Promise<SdkClient> {
    const password = `${name}-password`;
    const stranger = createClient({ baseUrl: url, logger: silent });
    const form = { username: name, password, auth: { type: AuthType.Dummy } };
    const {
      access_token: token,
      device_id: device,
      user_id: user,
    } = await stranger.registerRequest(form);
    if (token === undefined || device === undefined) throw new Error(`${name} got no session`);
    const login = { access_token: token, device_id: device, user_id: user };
    return new SdkClient(url, login, password);
  }

  /** One more device of an account that was registered here. */
  static async logIn(url: string, name: string): Promise<SdkClient> {
    const password = `${name}-password`;
    const stranger = createClient({ baseUrl: url, logger: silent });
    const login = await stranger.loginRequest({
      type: "m.login.password",
      identifier: { type: "m.id.user", user: name },
      password,
    });
    return new SdkClient(url, login, password);
  }

  get crypto(): CryptoApi {
    const crypto = this.sdk.getCrypto();
    if (!crypto) throw new Error("the client is not started");
    return crypto;
  }

  /** Resolves when the first `/sync` is in. */
  async start(): Promise<this> {
    await this.sdk.initRustCrypto({ useIndexedDB: false });
    await this.sdk.startClient({
      initialSyncLimit: PAGE_EVENTS,
      lazyLoadMembers: true,
      pendingEventOrdering: PendingEventOrdering.Detached,
      pollTimeout: POLL_MS,
      threadSupport: true,
    });
    this.sdk.on(ClientEvent.Sync, (state) => {
      // An app does so when the system tells it that the network is there.
      if (state === SyncState.Reconnecting || state === SyncState.Error)
        this.sdk.retryImmediately();
    });
    await this.until("the first sync is in", () => this.sdk.isInitialSyncComplete());
    return this;
  }

  stop(): void {
    this.sdk.stopClient();
  }

  /** Looks whenever the client heard something about its rooms. */
  until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    return untilTrue(this.sdk, ROOM_CHANGES, `${this.id} on ${this.device}: ${what}`, isTrue);
  }

  room(id: string): Room {
    const room = this.sdk.getRoom(id);
    if (!room) throw new Error(`${this.id} does not know of ${id}`);
    return room;
  }

  async createRoom(options: ICreateRoomOpts): Promise<string> {
    const { room_id: id } = await this.sdk.createRoom(options);
    await this.until("the new room is here", () => this.sdk.getRoom(id) !== null);
    return id;
  }

  async join(room: string): Promise<void> {
    await this.until("the invitation is here", () => this.sdk.getRoom(room) !== null);
    await this.sdk.joinRoom(room);
    await this.until("the room is joined", () => this.room(room).getMyMembership() === "join");
  }

  async say(room: string, body: string): Promise<string> {
    const content = { msgtype: MsgType.Text, body } as const;
    return (await this.sdk.sendEvent(room, EventType.RoomMessage, content)).event_id;
  }

  /** As `say`; what could not be sent is sent again, as a person would with a tap on it. */
  async saySurely(room: string, body: string): Promise<void> {
    try {
      await this.say(room, body);
    } catch {
      const isUnsent = (event: MatrixEvent): boolean => event.status === EventStatus.NOT_SENT;
      for (let left = RESENDS_MAX; left > 0; left--) {
        const event = this.room(room).getPendingEvents().find(isUnsent);
        if (!event) return;
        await this.sdk.resendEvent(event, this.room(room)).catch(ignore);
      }
      throw new Error(`${this.id} could not send "${body}"`);
    }
  }

  /** Everything said in the main timeline of a room as far as this client knows, oldest first. */
  said(room: string): MatrixEvent[] {
    const events = this.sdk.getRoom(room)?.getLiveTimeline().getEvents() ?? [];
    return events.filter(
      (event) => event.getType() === EventType.RoomMessage && event.status === null,
    );
  }

  /** The texts that somebody said and that can be read, in the order of the timeline. */
  texts(room: string, sender: string): string[] {
    return this.said(room)
      .filter((event) => event.getSender() === sender && !event.isDecryptionFailure())
      .filter((event) => event.getContent()["msgtype"] === MsgType.Text)
      .map((event) => String(event.getContent()["body"]));
  }

  /** Waits until what `sender` said can be read, and is exactly this, in this order. */
  async untilReads(room: string, sender: string, texts: readonly string[]): Promise<void> {
    const what = `all ${texts.length} messages of ${sender} can be read`;
    await this.until(what, () => this.texts(room, sender).length >= texts.length);
    expect(this.texts(room, sender)).toEqual(texts);
  }

  event(room: string, id: string): MatrixEvent {
    const event = this.room(room).findEventById(id);
    if (!event) throw new Error(`${this.id} has no ${id}`);
    return event;
  }

  /** Reads back to the start of the room. */
  async readBack(room: string): Promise<void> {
    const timeline = this.room(room).getLiveTimeline();
    while (await this.sdk.paginateEventTimeline(timeline, { backwards: true, limit: PAGE_EVENTS }));
    await Promise.all(timeline.getEvents().map((event) => this.sdk.decryptEventIfNeeded(event)));
  }

  /** Makes and publishes cross-signing keys; returns how often the server asked who it is. */
  async signMyDevices(options: { readonly anew?: boolean } = {}): Promise<number> {
    let asked = 0;
    const authenticate: UIAuthCallback<void> = async (makeRequest) => {
      try {
        await makeRequest(null);
      } catch (error) {
        asked++;
        await makeRequest(this.#passwordStage(error));
      }
    };
    await this.crypto.bootstrapCrossSigning({
      authUploadDeviceSigningKeys: authenticate,
      setupNewCrossSigning: options.anew ?? false,
    });
    return asked;
  }

  /** Waits until it has fetched the keys of another client's device. */
  untilKnows({ id, device }: SdkClient): Promise<void> {
    const what = `${this.id} on ${this.device} knows ${id} on ${device}`;
    return untilTrue(this.sdk, [CryptoEvent.DevicesUpdated], what, async () => {
      const devices = await this.crypto.getUserDeviceInfo([id]);
      return devices.get(id)?.has(device) === true;
    });
  }

  /** Waits until a device, perhaps another user's, counts as verified by cross-signing. */
  untilTrusts(user: string, device: string): Promise<void> {
    const names = [CryptoEvent.UserTrustStatusChanged, CryptoEvent.DevicesUpdated];
    return untilTrue(this.sdk, names, `${this.id} trusts ${user} on ${device}`, async () => {
      const ofUser = await this.crypto.getUserVerificationStatus(user);
      const ofDevice = await this.crypto.getDeviceVerificationStatus(user, device);
      return ofUser.isCrossSigningVerified() && ofDevice?.crossSigningVerified === true;
    });
  }

  /**
   * Puts the cross-signing keys into a new secret storage and all room keys into a new backup.
   * Returns the recovery key.
   */
  async backUpKeys(): Promise<string> {
    const left: number[] = [];
    const name = CryptoEvent.KeyBackupSessionsRemaining;
    this.sdk.on(name, (count) => left.push(count));
    const recovery = await this.crypto.createRecoveryKeyFromPassphrase();
    this.#recovery = recovery;
    await this.crypto.bootstrapSecretStorage({
      createSecretStorageKey: async () => recovery,
      setupNewSecretStorage: true,
      setupNewKeyBackup: true,
    });
    await untilTrue(this.sdk, [name], `${this.id} backed up all keys`, () => left.at(-1) === 0);
    if (recovery.encodedPrivateKey === undefined) throw new Error("the recovery key has no text");
    return recovery.encodedPrivateKey;
  }

  /** The person types the recovery key in. */
  useRecoveryKey(privateKey: Uint8Array<ArrayBuffer>): void {
    this.#recovery = { privateKey };
  }

  async #secretStorageKey(ids: string[]): Promise<[string, Uint8Array<ArrayBuffer>] | null> {
    const key = this.#recovery?.privateKey;
    const fallback = await this.sdk.secretStorage.getDefaultKeyId();
    const id = ids.find((one) => one === fallback) ?? ids[0];
    return key && id !== undefined ? [id, key] : null;
  }

  #passwordStage(refusal: unknown): AuthDict {
    const session = (refusal as { data?: { session?: string } }).data?.session;
    if (session === undefined) throw refusal;
    return {
      type: AuthType.Password,
      identifier: { type: "m.id.user", user: this.id },
      password: this.#password,
      session,
    };
  }
}
