import type { VerifyReport } from "../../../bin/control/verify-report.ts";
import { renderVerify } from "../../../bin/meshctl/render-verify.ts";
import { until } from "../../e2e/support/box-process.ts";
import { TestUser, call } from "../../e2e/support/client.ts";
import type { Prng } from "../../simulation/prng.ts";
import type { Evidence } from "../evidence.ts";
import type { Machine } from "../machine.ts";
import { Hopper } from "./hopper.ts";
import { Listener } from "./listener.ts";
import { Prober } from "./prober.ts";
import type { Recorder } from "./recorder.ts";
import { topicsOn, viewOf } from "./views.ts";
import { Writer } from "./writer.ts";

const WRITERS = ["alice", "bob", "carol"];
/** Who reads from one box only, with one device for each box. */
const READER = "olga";
/** Enough to set a topic. */
const MODERATOR_LEVEL = 50;
/** From healing to all boxes having all of it: the invariant, on a machine that does more. Milliseconds. */
const CONVERGENCE_MS_MAX = 60_000;
/** Hashing a password takes its time, so only the last names are tried in the end. */
const NAMES_TRIED_MAX = 3;
/** Of what is missing, so many characters are told. */
const LACKING_CHARS_MAX = 500;
/** How long a box may take for a first answer after another one lost its power, milliseconds. */
const FIRST_ANSWER_MS_MAX = 10_000;

/** The people of a run, and everything that they do and read. */
export class Workload {
  readonly probers: readonly Prober[];
  readonly convergenceMs: number[] = [];
  readonly firstAnswerMs: number[] = [];
  readonly #machines: readonly Machine[];
  readonly #recorder: Recorder;
  readonly #rooms: readonly string[];
  readonly #reader: TestUser;
  readonly #sender: TestUser;
  readonly #writers: readonly Writer[];
  readonly #listeners: readonly Listener[];
  #outages = 0;

  private constructor(
    machines: readonly Machine[],
    recorder: Recorder,
    prng: Prng,
    cast: { rooms: readonly string[]; writers: TestUser[]; readers: TestUser[] },
  ) {
    const [[reader], [sender]] = [cast.readers, cast.writers];
    if (!reader || !sender) throw new Error("nobody writes or reads");
    this.#machines = machines;
    this.#recorder = recorder;
    this.#rooms = cast.rooms;
    this.#reader = reader;
    this.#sender = sender;
    const { rooms } = cast;
    const writers: Writer[] = [];
    const listeners: Listener[] = [];
    for (const [i, user] of cast.writers.entries()) {
      const name = WRITERS[i] ?? user.id;
      const hopperOf = (what: string): Hopper =>
        new Hopper(user, machines, prng.fork(`${name} ${what}`), recorder);
      const own = prng.fork(name);
      const hopper = hopperOf("writes");
      writers.push(
        new Writer({ name, hopper, machines, prng: own, recorder, rooms, others: writers }),
      );
      listeners.push(new Listener(hopperOf("reads"), recorder, { device: name, rooms }));
    }
    for (const [i, machine] of machines.entries()) {
      const user = cast.readers[i] ?? reader;
      const hopper = new Hopper(user, machines, prng.fork(`reads ${machine.name}`), recorder);
      const device = `${READER} at ${machine.name}`;
      listeners.push(new Listener(hopper, recorder, { device, rooms, machine }));
    }
    this.#writers = writers;
    this.#listeners = listeners;
    this.probers = machines.map((machine) => new Prober(machine, reader.token));
  }

  /** Makes people and rooms while all is well, and sets everybody to work. */
  static async start(
    machines: readonly Machine[],
    recorder: Recorder,
    prng: Prng,
  ): Promise<Workload> {
    const [first, second = first] = machines.map(({ box }) => box.url);
    if (first === undefined || second === undefined) throw new Error("there is no box");
    const writers: TestUser[] = [];
    for (const name of WRITERS) writers.push(await TestUser.register(first, name));
    const readers = [await TestUser.register(second, READER)];
    while (readers.length < machines.length) readers.push(await TestUser.logIn(second, READER));
    const [owner, ...guests] = writers;
    if (!owner) throw new Error("nobody writes");
    const rooms: string[] = [];
    for (const name of ["Kitchen", "Garden"]) {
      const room = await owner.createRoom(first, {
        preset: "public_chat",
        name,
        power_level_content_override: {
          users: Object.fromEntries(guests.map(({ id }) => [id, MODERATOR_LEVEL])),
        },
      });
      for (const guest of [...guests, ...readers.slice(0, 1)]) {
        await guest.ask("POST", first, `/join/${encodeURIComponent(room)}`, {});
      }
      rooms.push(room);
    }
    const workload = new Workload(machines, recorder, prng, { rooms, writers, readers });
    for (const writer of workload.#writers) await writer.start();
    for (const listener of workload.#listeners) listener.start();
    for (const prober of workload.probers) prober.start();
    return workload;
  }

  /** Waits until every box has told its own reader of all that was acknowledged before now. */
  async untilConverged(): Promise<void> {
    const begun = performance.now();
    const missing = this.#acknowledged();
    const ofBoxes = this.#listeners.slice(-this.#machines.length);
    await this.#untilTold("all boxes have everything", ofBoxes, missing);
    this.convergenceMs.push(performance.now() - begun);
  }

  /** What a box alone has must be on the others before its disk is destroyed. */
  async avoid(machine: Machine): Promise<void> {
    machine.isAvoided = true;
    await until("nobody writes to it any more", () => machine.writes === 0);
    await until(
      `the others have all that ${machine.name} has`,
      async () => {
        const { boxes } = await machine.box.control("status", {});
        return boxes.every(({ up, behind }) => up && behind === 0);
      },
      CONVERGENCE_MS_MAX,
    );
  }

  /** A box has just lost its power: the others are asked at once to take a message. */
  async askTheOthers(): Promise<void> {
    const cutAt = performance.now();
    const outage = ++this.#outages;
    const room = this.#rooms[0] ?? "";
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/`;
    const asked = this.#machines.filter(({ isDark }) => !isDark);
    const answers = asked.map(async ({ host, box }) => {
      const text = `outage ${outage} at ${host}`;
      const sending = this.#recorder.begin(this.#recorder.messages, text, room);
      sending.boxes.add(host);
      const { status } = await call("PUT", `${box.url}${path}${encodeURIComponent(text)}`, {
        token: this.#sender.token,
        body: { msgtype: "m.text", body: text },
        waitMs: FIRST_ANSWER_MS_MAX,
      });
      if (status !== 200) throw new Error(`answered with ${status}`);
      sending.isAcknowledged = true;
      return performance.now() - cutAt;
    });
    try {
      this.firstAnswerMs.push(await Promise.any(answers));
    } catch {
      this.#recorder.incident(`outage ${outage}: no other box answered`);
    }
  }

  /** Does a box show the state of a room? */
  async isReadable({ box }: Machine): Promise<boolean> {
    const room = encodeURIComponent(this.#rooms[0] ?? "");
    const path = `${box.url}/_matrix/client/v3/rooms/${room}/messages?dir=b&limit=10`;
    const { token } = this.#reader;
    const reply = call("GET", path, { token, waitMs: FIRST_ANSWER_MS_MAX }).catch(() => undefined);
    return (await reply)?.status === 200;
  }

  /** Nobody writes any more; everybody reads what there is. */
  async finish(): Promise<Evidence> {
    await Promise.all(this.#writers.map((writer) => writer.stop()));
    await this.untilConverged().catch((error: unknown) => this.#recorder.incident(String(error)));
    await this.#untilTold("all devices know it", this.#listeners, this.#acknowledged()).catch(
      (error: unknown) => this.#recorder.incident(String(error)),
    );
    await this.#untilEqual();
    const rowsCompared = await this.#compare();
    await this.#logInAsOwners();
    await Promise.all([...this.#listeners, ...this.probers].map((one) => one.stop()));
    const views = await Promise.all(
      this.#machines.map((machine) => viewOf(machine, this.#reader, this.#rooms)),
    );
    const topics = this.#machines.map((one) => topicsOn(one, this.#reader, this.#rooms));
    const finalTopics = (await Promise.all(topics)).flat();
    return this.#recorder.evidence({ views, finalTopics, rowsCompared });
  }

  /** Everything that boxes share, row by row, as `meshctl verify` does. Returns how many rows. */
  async #compare(): Promise<number> {
    const [first] = this.#machines;
    let report: VerifyReport | undefined;
    try {
      const isEqual = async (): Promise<boolean> => {
        report = await first?.box.control("verify", {});
        return report?.outcome === "equal";
      };
      await until("meshctl verify finds all boxes equal", isEqual, CONVERGENCE_MS_MAX);
    } catch (error) {
      this.#recorder.incident(`${String(error)}: ${report ? renderVerify(report) : "no report"}`);
    }
    return report?.rows ?? 0;
  }

  /** Whoever was granted a name can log in with it on every box. */
  async #logInAsOwners(): Promise<void> {
    for (const [user, owners] of [...this.#recorder.namesGranted].slice(-NAMES_TRIED_MAX)) {
      const identifier = { type: "m.id.user", user };
      const body = { type: "m.login.password", identifier, password: [...owners][0] };
      for (const { name, box } of this.#machines) {
        const { status } = await call("POST", `${box.url}/_matrix/client/v3/login`, { body });
        if (status !== 200) this.#recorder.incident(`${name} does not let ${user} in: ${status}`);
      }
    }
  }

  /** What was never acknowledged may still be on its way. */
  async #untilEqual(): Promise<void> {
    await until(
      "no box lacks anything",
      async () => {
        const all = await Promise.all(this.#machines.map(({ box }) => box.control("status", {})));
        return all.every(({ boxes }) => boxes.every(({ up, behind }) => up && behind === 0));
      },
      CONVERGENCE_MS_MAX,
    ).catch((error: unknown) => this.#recorder.incident(String(error)));
  }

  #acknowledged(): string[] {
    return [...this.#recorder.messages.values()]
      .filter(({ isAcknowledged }) => isAcknowledged)
      .map(({ id }) => id);
  }

  /** Fails with the devices that were not told of these texts. */
  async #untilTold(
    what: string,
    listeners: readonly Listener[],
    texts: readonly string[],
  ): Promise<void> {
    let missing = texts;
    const isTold = (text: string): boolean =>
      listeners.every(({ texts: known }) => known.has(text));
    const check = (): boolean => {
      missing = missing.filter((text) => !isTold(text));
      return missing.length === 0;
    };
    await until(what, check, CONVERGENCE_MS_MAX).catch((error: unknown) => {
      const lacking = listeners.flatMap(({ told, texts: known }) => {
        const unknown = missing.filter((text) => !known.has(text));
        return unknown.length === 0 ? [] : [`${told.device} lacks ${unknown.join(", ")}`];
      });
      throw new Error(`${String(error)}: ${lacking.join("; ").slice(0, LACKING_CHARS_MAX)}`);
    });
  }
}
