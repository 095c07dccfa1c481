import { createAccount } from "../../core/account/create-account.ts";
import { sendDirectMessages } from "../../core/device/send-to-device.ts";
import { setRoomAlias, deleteRoomAlias } from "../../core/directory/aliases.ts";
import { setMarkers } from "../../core/ephemeral-facts/receipts.ts";
import type { RoomAlias, RoomId, UserId } from "../../core/ids.ts";
import {
  banUser,
  inviteUser,
  kickUser,
  leaveRoom,
} from "../../core/rooms/commands/change-membership.ts";
import { joinRoom } from "../../core/rooms/commands/join-room.ts";
import { redactEvent } from "../../core/rooms/commands/redact-event.ts";
import { sendMessage } from "../../core/rooms/commands/send-message.ts";
import { setRoomState } from "../../core/rooms/commands/set-state.ts";
import { storeAccountData } from "../../core/user-data/account-data.ts";
import { KEYS_PER_UPLOAD, claimKey, tellDeviceKeys, uploadKeys } from "./keys.ts";
import { downloadSomething, uploadSomething } from "./media.ts";
import { passBy, refresh } from "./sessions.ts";
import type { Cast } from "./cast.ts";
import type { DeviceView } from "./device-view.ts";
import type { Model } from "./model.ts";
import { SERVER } from "./sim-box.ts";
import type { SimClient } from "./sim-client.ts";
import type { World } from "./world.ts";

/** What clients ask for, and how often. */
const STABLE_ACTS = {
  send: 30,
  topic: 6,
  receipt: 5,
  accountData: 3,
  direct: 10,
  uploadKeys: 4,
  claim: 8,
  deviceKeys: 2,
  redact: 3,
  levels: 2,
  rule: 2,
  invite: 2,
  kick: 2,
  ban: 1,
  register: 3,
  alias: 2,
  unalias: 1,
  session: 2,
  refresh: 4,
  upload: 2,
  download: 2,
};
type Act = keyof typeof STABLE_ACTS;

const CHURN_ACTS = { join: 10, leave: 4, churnSend: 8 };

/** The requests of all clients, made from what the seed draws. */
export class Workload {
  readonly #world: World;
  readonly #model: Model;
  readonly #cast: Cast;
  readonly #weights: Readonly<Partial<Record<Act, number>>>;
  #counter = 0;

  constructor(
    world: World,
    model: Model,
    cast: Cast,
    weights: Readonly<Partial<Record<Act, number>>> = STABLE_ACTS,
  ) {
    this.#weights = weights;
    this.#world = world;
    this.#model = model;
    this.#cast = cast;
  }

  start(): void {
    for (const view of this.#cast.stable) {
      void this.#repeat(view.client, () => this.act(view));
      void this.#syncOn(view);
    }
    for (const view of this.#cast.churning) {
      void this.#repeat(view.client, () => this.#churnAct(view.client));
      void this.#syncOn(view);
    }
  }

  async #repeat(client: SimClient, act: () => Promise<unknown>): Promise<void> {
    const { clock, options } = this.#world;
    for (;;) {
      await clock.sleep(client.prng.between(0.2, 2) * options.requestEveryMs);
      if (this.#world.healing) return;
      await act();
    }
  }

  async #syncOn(view: DeviceView): Promise<void> {
    const { prng } = view.client;
    while (!this.#world.healing) {
      await this.#world.clock.sleep(prng.between(20, 600));
      await view.sync(prng.pick([0, 0, 3000]));
    }
  }

  /** One request of somebody who stays. */
  act(view: DeviceView): Promise<unknown> {
    const { client } = view;
    const act = client.prng.weighted(this.#weights as Readonly<Record<Act, number>>);
    return this.#acts[act](view, client.prng.pick(this.#model.rooms));
  }

  readonly #acts: Readonly<Record<Act, (view: DeviceView, room: RoomId) => Promise<unknown>>> = {
    send: (view, room) => this.#send(view.client, room),
    topic: ({ client }, room) =>
      this.#state(client, room, "m.room.topic", "", { topic: `topic ${++this.#counter}` }),
    receipt: (view, room) => this.#receipt(view, room),
    accountData: ({ client }) => {
      const content = { n: ++this.#counter };
      return client.call("account data", (deps) =>
        storeAccountData(deps, { user: client.user, type: "sim.data", content }),
      );
    },
    direct: ({ client }) => this.#direct(client),
    uploadKeys: ({ client }) => {
      const from = this.#counter + 1;
      this.#counter += KEYS_PER_UPLOAD;
      return uploadKeys(client, from);
    },
    claim: ({ client }) =>
      claimKey(client, client.prng.pick(this.#cast.stable).client, this.#model),
    deviceKeys: ({ client }) => tellDeviceKeys(client, ++this.#counter),
    redact: (view, room) => this.#redact(view, room),
    levels: (_view, room) => {
      const { client } = this.#cast.owner;
      const users = { [this.#cast.owner.client.user]: 100, [this.#somebody(client)]: 50 };
      const owned =
        this.#world.options.roomVersion === "12" ? { [this.#somebody(client)]: 50 } : users;
      const content = { users: owned, users_default: 0, state_default: 0, invite: 0, kick: 0 };
      return this.#state(client, room, "m.room.power_levels", "", content);
    },
    rule: (_view, room) => {
      const { client } = this.#cast.owner;
      const content = { join_rule: client.prng.pick(["public", "invite"]) };
      return this.#state(client, room, "m.room.join_rules", "", content);
    },
    invite: ({ client }, room) => {
      const target = client.prng.pick(this.#cast.churning).client.user;
      return client.call("invite", (deps) =>
        inviteUser(deps, { room, sender: client.user, target }),
      );
    },
    kick: ({ client }, room) => {
      const target = client.prng.pick(this.#cast.churning).client.user;
      return client.call("kick", (deps) => kickUser(deps, { room, sender: client.user, target }));
    },
    ban: (_view, room) => this.#ban(room),
    register: ({ client }) => this.#register(client),
    alias: ({ client }, room) => {
      const alias = this.#alias(client);
      return client.call(`alias ${alias}`, (deps) =>
        setRoomAlias(deps, { alias, user: client.user, room }),
      );
    },
    unalias: ({ client }) => {
      const alias = this.#alias(client);
      return client.call(`unalias ${alias}`, (deps) =>
        deleteRoomAlias(deps, { alias, user: client.user }),
      );
    },
    session: ({ client }) => passBy(this.#world, this.#cast, this.#model, client),
    refresh: ({ client }) => refresh(this.#world, this.#model, client),
    upload: ({ client }) => uploadSomething(client, this.#model, `content ${++this.#counter}`),
    download: ({ client }) => downloadSomething(client, this.#model),
  };

  #churnAct(client: SimClient): Promise<unknown> {
    const room = client.prng.pick(this.#model.rooms);
    const { user } = client;
    switch (client.prng.weighted(CHURN_ACTS)) {
      case "join":
        return client.call("join", (deps) => joinRoom(deps, { room, user }));
      case "leave":
        return client.call("leave", (deps) => leaveRoom(deps, { room, sender: user }));
      case "churnSend":
        return this.#send(client, room);
    }
  }

  async #send(client: SimClient, room: RoomId): Promise<void> {
    const txnId = `m${++this.#counter}`;
    const sending = { client, room, txnId, acknowledged: undefined };
    this.#model.sendings.push(sending);
    const outcome = await client.call(`send ${txnId}`, (deps, requester) =>
      sendMessage(deps, {
        requester,
        room,
        type: "m.room.message",
        txnId,
        content: { msgtype: "m.text", body: txnId },
      }),
    );
    if (outcome.kind === "ok") Object.assign(sending, { acknowledged: outcome.value });
  }

  #state(
    client: SimClient,
    room: RoomId,
    type: string,
    stateKey: string,
    content: Parameters<typeof setRoomState>[1]["content"],
  ): Promise<unknown> {
    return client.call(`state ${type}`, (deps) =>
      setRoomState(deps, { room, sender: client.user, type, stateKey, content }),
    );
  }

  #receipt({ client, seen }: DeviceView, room: RoomId): Promise<unknown> {
    const event = [...(seen.get(room) ?? [])].at(-1);
    if (event === undefined) return Promise.resolve();
    const markers = [{ type: "m.read" as const, event, thread: "" }];
    return client.call("receipt", (deps) => setMarkers(deps, { room, user: client.user, markers }));
  }

  async #direct(client: SimClient): Promise<void> {
    const to = client.prng.pick(this.#cast.stable).client;
    const n = ++this.#counter;
    const messages = { [to.user]: { [to.device]: { from: client.name, n } } };
    const outcome = await client.call(`direct ${n}`, (deps, requester) =>
      sendDirectMessages(deps, { requester, type: "sim.direct", txnId: `d${n}`, messages }),
    );
    if (outcome.kind !== "ok") return;
    const key = `${client.name} > ${to.name}`;
    this.#model.directs.set(key, [...(this.#model.directs.get(key) ?? []), n]);
  }

  async #redact({ client }: DeviceView, room: RoomId): Promise<void> {
    const own = this.#model.sendings.filter((sent) => sent.client === client && sent.room === room);
    const event = own.length > 0 ? client.prng.pick(own).acknowledged : undefined;
    if (event === undefined) return;
    const txnId = `r${++this.#counter}`;
    const outcome = await client.call(`redact ${event}`, (deps, requester) =>
      redactEvent(deps, { requester, room, event, txnId }),
    );
    if (outcome.kind === "ok") this.#model.redacted.push(event);
  }

  async #ban(room: RoomId): Promise<void> {
    const { client } = this.#cast.owner;
    const target = this.#cast.outcast;
    const outcome = await client.call("ban", (deps) =>
      banUser(deps, { room, sender: client.user, target }),
    );
    if (outcome.kind === "ok") this.#model.banned.push({ room, user: target });
  }

  async #register(client: SimClient): Promise<void> {
    const user = `@name${client.prng.whole(1, 4)}:${SERVER}` as UserId;
    const value = `claim of ${client.name} ${++this.#counter}`;
    await client.call(
      `register ${user}`,
      async (deps) => {
        if ((await deps.claims.claim("user", user, value)) !== "granted") return;
        const values = this.#model.granted.get(user) ?? new Set();
        this.#model.granted.set(user, values.add(value));
        await deps.runner.run(createAccount, { user, passwordHash: value, admin: false });
      },
      2,
    );
  }

  #alias(client: SimClient): RoomAlias {
    return `#alias${client.prng.whole(1, 3)}:${SERVER}` as RoomAlias;
  }

  #somebody(client: SimClient): UserId {
    return client.prng.pick(this.#cast.stable).client.user;
  }
}
