import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withConfigValues } from "../../../bin/config/render.ts";
import type { ConfigValues } from "../../../bin/config/render.ts";
import { BoxProcess, until } from "./box-process.ts";
import type { Site } from "./box-process.ts";
import { freePort } from "./free-port.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const run = promisify(execFile);

export const E2E_SERVER = "hearth.localhost";

async function meshctl({ home, site }: BoxProcess, ...args: string[]): Promise<unknown> {
  const verb = [process.execPath, "bin/meshctl.ts", "--home", home, "--json", ...args];
  const [program = "", ...words] = [...site.command, ...verb];
  const { stdout } = await run(program, words, { cwd: REPOSITORY });
  return JSON.parse(stdout);
}

export interface TestMeshOptions {
  readonly boxes?: number;
  readonly openRegistration?: boolean;
  /** Further values of every box's `mesh.yaml`. */
  readonly config?: ConfigValues;
  /** Where each box runs; all on the loopback where left out. May prepare the home. */
  readonly site?: (name: string, home: string) => Promise<Site>;
}

/** Boxes as real processes with real files and sockets, made with the real command line. */
export class TestMesh {
  readonly folder = mkdtempSync(join(tmpdir(), "hearth-e2e-"));
  readonly boxes: BoxProcess[] = [];
  readonly #openRegistration: boolean;
  readonly #config: ConfigValues;
  readonly #site: TestMeshOptions["site"];

  private constructor({ openRegistration = true, config = {}, site }: TestMeshOptions) {
    this.#openRegistration = openRegistration;
    this.#config = config;
    this.#site = site;
  }

  static async start(options: TestMeshOptions = {}): Promise<TestMesh> {
    const mesh = new TestMesh(options);
    try {
      for (let i = 0; i < (options.boxes ?? 3); i++) await mesh.addBox();
      await mesh.untilWhole();
    } catch (error) {
      await mesh.stop();
      throw error;
    }
    return mesh;
  }

  /** Boxes whose homes were made earlier, which `unpack` puts into the folder, in a network of today. */
  static async adopt(
    names: readonly string[],
    unpack: (folder: string) => void,
    options: TestMeshOptions = {},
  ): Promise<TestMesh> {
    const mesh = new TestMesh(options);
    try {
      unpack(mesh.folder);
      const ports = await Promise.all(names.map(() => freePort()));
      const bootstrap = ports.map((port) => `127.0.0.1:${port}`);
      for (const [i, name] of names.entries()) {
        const box = new BoxProcess(name, join(mesh.folder, name), await freePort());
        await mesh.#configure(box, { "mesh.listen.port": ports[i], "mesh.bootstrap": bootstrap });
        mesh.boxes.push(box);
      }
      await Promise.all(mesh.boxes.map((box) => box.start()));
      await mesh.untilWhole();
    } catch (error) {
      await mesh.stop();
      throw error;
    }
    return mesh;
  }

  box(number: number): BoxProcess {
    const box = this.boxes[number - 1];
    if (!box) throw new Error(`there is no box ${number}`);
    return box;
  }

  get urls(): string[] {
    return this.boxes.map(({ url }) => url);
  }

  /** One more box, by invitation of the first one. */
  async addBox(invitation?: string): Promise<BoxProcess> {
    const name = `box${this.boxes.length + 1}`;
    const home = join(this.folder, name);
    const site = await this.#site?.(name, home);
    const box = new BoxProcess(name, home, await freePort(), site);
    const [host] = this.boxes;
    if (!host) await meshctl(box, "init", "--server-name", E2E_SERVER, "--name", name);
    else await this.#join(box, host, invitation);
    await this.#configure(box);
    this.boxes.push(box);
    await box.start();
    return box;
  }

  /**
   * A new box takes the place and the address of one that is no member any more, and whose home was
   * emptied. It is not started.
   */
  async replaceBox(old: BoxProcess, name: string, host: BoxProcess): Promise<BoxProcess> {
    const box = new BoxProcess(name, old.home, Number(new URL(old.url).port), old.site);
    await this.#join(box, host);
    await this.#configure(box);
    this.boxes[this.boxes.indexOf(old)] = box;
    return box;
  }

  async #join(box: BoxProcess, host: BoxProcess, invitation?: string): Promise<void> {
    const code = invitation ?? (await host.control("invite", { ttl_s: 60 })).code;
    await meshctl(box, "join", code, "--name", box.name);
  }

  /** Waits until every box sees every other one and lacks nothing. */
  untilWhole(boxes: readonly BoxProcess[] = this.boxes): Promise<void> {
    return until("all boxes are together", async () => {
      const reports = await Promise.all(boxes.map((box) => box.control("status", {})));
      return reports.every(
        (report) =>
          report.boxes.length === boxes.length &&
          report.boxes.every(({ up, behind }) => up && behind === 0),
      );
    });
  }

  /** Waits until a box sees that many others. */
  untilLinked(box: BoxProcess, others: number): Promise<void> {
    return until(`${box.name} sees ${others} other boxes`, async () => {
      const { boxes } = await box.control("status", {});
      return boxes.filter(({ up }) => up).length === others + 1;
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.boxes.map((box) => box.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #configure(box: BoxProcess, more: ConfigValues = {}): Promise<void> {
    const file = join(box.home, "mesh.yaml");
    const values = {
      "client.listen.port": Number(new URL(box.url).port),
      "client.listen.host": box.site.host,
      "mesh.listen.host": box.site.host,
      "mesh.listen.port": await freePort(),
      "mesh.mdns": false,
      "registration.open": this.#openRegistration,
      "limits.rate_limits": false,
      "log.level": "debug",
      ...more,
      ...this.#config,
    };
    writeFileSync(file, withConfigValues(readFileSync(file, "utf8"), values));
  }
}
