import { FAIR, drawWeather } from "./options.ts";
import type { FaultKind } from "./options.ts";
import type { Prng } from "./prng.ts";
import type { SimBox } from "./sim-box.ts";
import type { World } from "./world.ts";

/** What was to fail cannot: there is no such link, or no box to be added. It does not count. */
const NOTHING = "nothing";
const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

/** Does to the boxes what the seed has drawn, until the healing begins. */
export class Faults {
  readonly #world: World;
  readonly #prng: Prng;
  #healed = false;

  constructor(world: World) {
    this.#world = world;
    this.#prng = world.prng.fork("faults");
  }

  start(): void {
    const kinds = this.#world.options.faults as Readonly<Record<FaultKind, number>>;
    if (Object.keys(kinds).length === 0) return;
    const next = (): void => {
      const wait = -Math.log(1 - this.#prng.next()) * this.#world.options.faultEveryMs;
      this.#world.clock.after(wait, () => {
        if (this.#healed) return;
        this.#inflict(this.#prng.weighted(kinds));
        next();
      });
    };
    next();
  }

  /** Everything is repaired: all boxes run, on sound disks and links, with clocks that are set. */
  heal(): void {
    this.#healed = true;
    const { network, boxes, note } = this.#world;
    note("healing begins");
    this.#world.healing = true;
    network.weather = FAIR;
    network.heal();
    for (const box of boxes) {
      Object.assign(box.disk, {
        isFull: false,
        lies: 0,
        writeMs: [0.1, 2],
        onWrite: () => undefined,
      });
      if (Math.abs(box.clock.offsetMs) > HOUR_MS / 2) box.clock.offsetMs = 0;
      box.pause(false);
      if (box.isOld) this.#changeVersion(box);
      if (box.isOff) void box.start();
    }
  }

  #inflict(kind: FaultKind): void {
    const box = this.#prng.pick(this.#world.boxes);
    this.#world.note(`fault: ${kind} ${box.id}`);
    if (this.#kinds[kind](box) !== NOTHING) this.#count(kind);
  }

  #count(kind: FaultKind): void {
    const { faults } = this.#world;
    faults[kind] = (faults[kind] ?? 0) + 1;
  }

  readonly #kinds: Readonly<Record<FaultKind, (box: SimBox) => typeof NOTHING | void>> = {
    crash: (box) => this.#crash(box, () => box.disk.current.crash(this.#inFlight())),
    "crash-at-write": (box) => {
      const target = this.#prng.whole(1, 12);
      let writes = 0;
      box.disk.onWrite = () => {
        if (++writes !== target) return;
        box.disk.onWrite = () => undefined;
        this.#crash(box, () => box.disk.current.crash(this.#inFlight()));
      };
    },
    "clean-stop": (box) => {
      void box.stop().then(() => (this.#healed ? void box.start() : this.#restartLater(box)));
    },
    "lose-writes": (box) => {
      const loseBatches = this.#prng.whole(1, 50);
      this.#crash(box, () => box.disk.current.crash({ loseBatches }));
    },
    "restore-backup": (box) => {
      if (!box.disk.hasBackup || this.#prng.chance(0.4)) return box.disk.makeBackup();
      this.#crash(box, () => {
        box.disk.current.crash();
        box.disk.restoreBackup();
      });
    },
    "new-disk": (box) => {
      this.#crash(box, () => {
        box.disk.current.crash();
        box.disk.replace();
      });
    },
    pause: (box) => {
      box.pause(true);
      this.#later(this.#prng.between(200, 20_000), () => box.pause(false));
    },
    isolate: (box) => this.#cut(this.#world.boxes.map((other) => [box, other])),
    "cut-link": (box) => this.#cutOff(box, false),
    "one-way": (box) => this.#cutOff(box, true),
    split: () => {
      const left = this.#world.boxes.filter(() => this.#prng.chance(0.5));
      const right = this.#world.boxes.filter((box) => !left.includes(box));
      this.#cut(left.flatMap((a) => right.map((b) => [a, b] as const)));
    },
    flap: (box) => {
      const other = this.#prng.pick(this.#world.boxes);
      for (let i = 0; i < this.#prng.whole(3, 10); i++) {
        this.#later(i * this.#prng.between(50, 1500), () => this.#cut([[box, other]], false, 400));
      }
    },
    "disk-full": (box) => {
      box.disk.isFull = true;
      this.#later(this.#prng.between(100, 10_000), () => (box.disk.isFull = false));
    },
    "disk-slow": (box) => {
      box.disk.writeMs = [20, 600];
      this.#later(this.#prng.between(1000, 10_000), () => (box.disk.writeMs = [0.1, 4]));
    },
    "disk-lies": (box) => {
      box.disk.lies = 0.2;
      this.#later(this.#prng.between(500, 5000), () => (box.disk.lies = 0));
    },
    "clock-step": (box) => {
      if (box.isOff) return NOTHING;
      const steps = [-HOUR_MS, -TEN_YEARS_MS * 5, TEN_YEARS_MS, 0, 60_000];
      box.clock.offsetMs = this.#prng.pick(steps);
    },
    "bad-weather": () => {
      this.#world.network.weather = drawWeather(this.#prng);
    },
    "late-box": (box) => {
      void this.#world.owner.introduce(box).then((isIn) => isIn && this.#count("late-box"));
      return NOTHING;
    },
    "remove-box": (box) => {
      const { owner } = this.#world;
      void owner.remove(box).then((isTried) => {
        if (!isTried) return;
        this.#count("remove-box");
        this.#later(this.#prng.between(0, 8000), () => owner.switchOffRemoved());
      });
      return NOTHING;
    },
    "update-box": (box) => this.#changeVersion(box),
  };

  /** To the later version, or back. */
  #changeVersion(box: SimBox): void {
    box.isOld = !box.isOld;
    if (box.isOff) return;
    // One that is only starting has nothing to put in order yet.
    if (box.node) this.#kinds["clean-stop"](box);
    else {
      box.kill({ reset: true });
      void box.start();
    }
  }

  #inFlight(): { readonly keepInFlight: boolean } {
    return { keepInFlight: this.#prng.chance(0.5) };
  }

  #crash(box: SimBox, disk: () => void): void {
    const { deaths } = this.#world;
    const how = box.disk.current.isWriting ? "in a write" : "between writes";
    if (!box.isOff) deaths[how] = (deaths[how] ?? 0) + 1;
    box.kill({ reset: this.#prng.chance(0.5) });
    this.#world.damage(box, disk);
    this.#restartLater(box);
  }

  #restartLater(box: SimBox): void {
    const wait = this.#prng.pick([50, 1000, 8000]) * (0.5 + this.#prng.next());
    this.#later(wait, () => void box.start());
  }

  #cutOff(box: SimBox, oneWay: boolean): typeof NOTHING | void {
    const other = this.#prng.pick(this.#world.boxes);
    if (other === box) return NOTHING;
    this.#cut([[box, other]], oneWay);
  }

  #cut(pairs: readonly (readonly [SimBox, SimBox])[], oneWay = false, lengthMs = 20_000): void {
    const { network } = this.#world;
    for (const [a, b] of pairs) {
      network.block(a.id, b.id);
      if (!oneWay) network.block(b.id, a.id);
    }
    this.#later(this.#prng.between(50, lengthMs), () => {
      for (const [a, b] of pairs) {
        network.open(a.id, b.id);
        network.open(b.id, a.id);
      }
    });
  }

  /** Not once all is healed: then everything was repaired at once. */
  #later(milliseconds: number, run: () => void): void {
    this.#world.clock.after(milliseconds, () => {
      if (!this.#healed) run();
    });
  }
}
