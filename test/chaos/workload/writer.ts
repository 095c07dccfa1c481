import { pause } from "../../e2e/support/box-process.ts";
import { call } from "../../e2e/support/client.ts";
import type { Prng } from "../../simulation/prng.ts";
import type { Machine } from "../machine.ts";
import type { Hopper } from "./hopper.ts";
import type { Recorder } from "./recorder.ts";

/** One-time keys that a device has from the start, and that it adds at a time. */
const KEYS_FIRST = 30;
const KEYS_MORE = 5;
/** Between two things that one person does, milliseconds: three write up to 15 times a second. */
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 300;
/** How long somebody who wants a name waits for the answer, milliseconds: hashing takes its time. */
const NAME_WAIT_MS = 10_000;

const WEIGHTS = { message: 100, topic: 6, receipt: 10, letter: 20, claim: 5, upload: 2, name: 2 };

/** One person who does all kinds of things, through any box. */
export class Writer {
  readonly name: string;
  readonly #hopper: Hopper;
  readonly #machines: readonly Machine[];
  readonly #prng: Prng;
  readonly #recorder: Recorder;
  readonly #rooms: readonly string[];
  readonly #others: readonly Writer[];
  #count = 0;
  #keys = 0;
  #lastEvent: { readonly id: string; readonly room: string } | undefined;
  #hasStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: {
    name: string;
    hopper: Hopper;
    machines: readonly Machine[];
    prng: Prng;
    recorder: Recorder;
    rooms: readonly string[];
    /** All who write; filled before they start. */
    others: readonly Writer[];
  }) {
    this.name = parts.name;
    this.#hopper = parts.hopper;
    this.#machines = parts.machines;
    this.#prng = parts.prng;
    this.#recorder = parts.recorder;
    this.#rooms = parts.rooms;
    this.#others = parts.others;
  }

  async start(): Promise<void> {
    await this.#upload(KEYS_FIRST);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#hasStopped) {
      await this.#deeds[this.#prng.weighted(WEIGHTS)]();
      await pause(this.#prng.whole(PAUSE_MS_MIN, PAUSE_MS_MAX));
    }
  }

  readonly #deeds: Readonly<Record<keyof typeof WEIGHTS, () => Promise<void>>> = {
    message: () => this.#say(),
    topic: () => this.#setTopic(),
    receipt: () => this.#read(),
    letter: () => this.#write(),
    claim: () => this.#claim(),
    upload: () => this.#upload(KEYS_MORE),
    name: () => this.#wantName(),
  };

  async #say(): Promise<void> {
    const text = `${this.name} ${++this.#count}`;
    const room = this.#prng.pick(this.#rooms);
    const sending = this.#recorder.begin(this.#recorder.messages, text, room);
    const path = `/rooms/${encodeURIComponent(room)}/send/m.room.message/m${this.#count}`;
    const body = { msgtype: "m.text", body: text };
    const onTry = ({ host }: Machine): unknown => sending.boxes.add(host);
    const reply = await this.#hopper.persist("PUT", path, body, onTry);
    if (reply?.status !== 200) return;
    sending.isAcknowledged = true;
    this.#lastEvent = { id: String(reply.body["event_id"]), room };
  }

  async #setTopic(): Promise<void> {
    const topic = `${this.name} topic ${++this.#count}`;
    const room = encodeURIComponent(this.#prng.pick(this.#rooms));
    this.#recorder.topics.add(topic);
    await this.#hopper.persist("PUT", `/rooms/${room}/state/m.room.topic/`, { topic });
  }

  async #read(): Promise<void> {
    if (!this.#lastEvent) return;
    const { id, room } = this.#lastEvent;
    const path = `/rooms/${encodeURIComponent(room)}/receipt/m.read/${encodeURIComponent(id)}`;
    await this.#hopper.persist("POST", path, {});
  }

  async #write(): Promise<void> {
    const to = this.#prng.pick(this.#others);
    const number = `${this.name} letter ${++this.#count}`;
    const sending = this.#recorder.begin(this.#recorder.letters, number, to.name);
    const { id, device } = to.#hopper.user;
    const body = { messages: { [id]: { [device]: { number } } } };
    const path = `/sendToDevice/org.example.number/d${this.#count}`;
    const onTry = ({ host }: Machine): unknown => sending.boxes.add(host);
    const reply = await this.#hopper.persist("PUT", path, body, onTry);
    if (reply?.status === 200) sending.isAcknowledged = true;
  }

  async #upload(count: number): Promise<void> {
    const { id, device } = this.#hopper.user;
    const signatures = { [id]: { [`ed25519:${device}`]: "c2lnbmF0dXJl" } };
    const keys: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const number = `${this.name}${++this.#keys}`;
      keys[`signed_curve25519:${number}`] = {
        key: Buffer.from(number).toString("base64"),
        signatures,
      };
    }
    await this.#hopper.persist("POST", "/keys/upload", { one_time_keys: keys });
  }

  async #claim(): Promise<void> {
    const { id, device } = this.#prng.pick(this.#others).#hopper.user;
    const body = { one_time_keys: { [id]: { [device]: "signed_curve25519" } } };
    const reply = await this.#hopper.persist("POST", "/keys/claim", body);
    const given = reply?.body["one_time_keys"]?.[id]?.[device] ?? {};
    this.#recorder.keysGiven.push(...Object.keys(given));
  }

  /** Two people ask two boxes for the same name at the same time. */
  async #wantName(): Promise<void> {
    if (this.#machines.some(({ isAvoided }) => isAvoided)) return;
    const username = `${this.name}-friend-${++this.#count}`;
    const first = this.#prng.whole(0, this.#machines.length - 1);
    const second = (first + 1) % this.#machines.length;
    await Promise.all(
      [first, second].map(async (at) => {
        const machine = this.#machines[at];
        if (machine) await this.#register(machine, username, `password-at-${machine.name}`);
      }),
    );
  }

  async #register(machine: Machine, username: string, password: string): Promise<void> {
    const form = { username, password, inhibit_login: true, auth: { type: "m.login.dummy" } };
    machine.writes++;
    try {
      const url = `${machine.box.url}/_matrix/client/v3/register`;
      const reply = await call("POST", url, { body: form, waitMs: NAME_WAIT_MS });
      // Who comes second is told so.
      if (reply.body["errcode"] === "M_USER_IN_USE") return;
      this.#recorder.answer(machine, "POST /register", reply);
      if (reply.status !== 200) return;
      const owners = this.#recorder.namesGranted.get(username) ?? new Set<string>();
      this.#recorder.namesGranted.set(username, owners.add(password));
    } catch {
      // Whoever got no answer does not know.
    } finally {
      machine.writes--;
    }
  }
}
