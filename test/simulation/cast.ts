import { openSession } from "../../core/account/start-session.ts";
import type { Session } from "../../core/account/start-session.ts";
import type { DeviceId, UserId } from "../../core/ids.ts";
import { createRoom } from "../../core/rooms/commands/create-room.ts";
import { joinRoom } from "../../core/rooms/commands/join-room.ts";
import type { Services } from "../../core/services.ts";
import { DeviceView } from "./device-view.ts";
import type { Tamper } from "./device-view.ts";
import type { Model } from "./model.ts";
import { SERVER } from "./sim-box.ts";
import { SimClient } from "./sim-client.ts";
import type { World } from "./world.ts";

const MAIN = "MAIN" as DeviceId;

/** The people of a run, with their devices. */
export class Cast {
  /** They stay in all rooms from the beginning, so what they are told must be exact. */
  readonly stable: DeviceView[] = [];
  readonly churning: DeviceView[] = [];
  /** Somebody who may be banned for good. */
  readonly outcast = `@outcast:${SERVER}` as UserId;
  readonly #world: World;
  readonly #tamper: Tamper | undefined;

  constructor(world: World, tamper: Tamper | undefined) {
    this.#world = world;
    this.#tamper = tamper;
  }

  /** Made the rooms. */
  get owner(): DeviceView {
    const [first] = this.stable;
    if (!first) throw new Error("the cast is not there yet");
    return first;
  }

  session(session: Session): SimClient {
    return new SimClient(this.#world, session);
  }

  /** Makes accounts and rooms on a box, before anything goes wrong. */
  async assemble(services: Services, model: Model): Promise<void> {
    const { options } = this.#world;
    for (let i = 0; i < options.stable; i++) {
      this.stable.push(await this.#enter(services, `user${i}`, true));
    }
    for (let i = 0; i < options.churning; i++) {
      this.churning.push(await this.#enter(services, `guest${i}`, false));
    }
    await this.#enter(services, "outcast", false);
    for (let i = 0; i < options.rooms; i++) {
      const body = { preset: "public_chat", room_version: options.roomVersion };
      const room = await createRoom(services, { user: this.owner.client.user, body });
      model.rooms.push(room);
      for (const { client } of this.stable) await joinRoom(services, { room, user: client.user });
      await joinRoom(services, { room, user: this.outcast });
    }
    model.views.push(...this.stable, ...this.churning);
  }

  async #enter(services: Services, name: string, exact: boolean): Promise<DeviceView> {
    const user = `@${name}:${SERVER}` as UserId;
    await services.runner.run((draft, _input, env) => {
      draft.setField(`user:${user}`, "account", "created", { time: env.time });
    }, undefined);
    const { tokenKeys } = services;
    const session = await services.runner.run(openSession, { user, device: MAIN, tokenKeys });
    const { violate, note } = this.#world;
    const tamper = this.#tamper;
    return new DeviceView(this.session(session), { exact, violate, note, tamper });
  }
}
