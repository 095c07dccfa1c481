import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withConfigValues } from "../../../bin/config/render.ts";
import type { ConfigValues } from "../../../bin/config/render.ts";
import { BoxProcess, until } from "./box-process.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const run = promisify(execFile);

export const E2E_SERVER = "hearth.localhost";

/** A free port, as far as anybody can tell before it is taken. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function meshctl(home: string, ...args: string[]): Promise<unknown> {
  const command = ["bin/meshctl.ts", "--home", home, "--json", ...args];
  const { stdout } = await run(process.execPath, command, { cwd: REPOSITORY });
  return JSON.parse(stdout);
}

export interface TestMeshOptions {
  readonly boxes?: number;
  readonly openRegistration?: boolean;
  /** Further values of every box's `mesh.yaml`. */
  readonly config?: ConfigValues;
}

/** Boxes as real processes with real files and sockets, made with the real command line. */
export class TestMesh {
  readonly folder = mkdtempSync(join(tmpdir(), "hearth-e2e-"));
  readonly boxes: BoxProcess[] = [];
  readonly #openRegistration: boolean;
  readonly #config: ConfigValues;

  private constructor({ openRegistration = true, config = {} }: TestMeshOptions) {
    this.#openRegistration = openRegistration;
    this.#config = config;
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
    const number = this.boxes.length + 1;
    const name = `box${number}`;
    const home = join(this.folder, name);
    const box = new BoxProcess(name, home, await freePort());
    const [host] = this.boxes;
    if (!host) {
      await meshctl(home, "init", "--server-name", E2E_SERVER, "--name", name);
    } else {
      const code = invitation ?? (await host.control("invite", { ttl_s: 60 })).code;
      await meshctl(home, "join", code, "--name", name);
    }
    await this.#configure(box);
    this.boxes.push(box);
    await box.start();
    return box;
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

  async #configure(box: BoxProcess): Promise<void> {
    const file = join(box.home, "mesh.yaml");
    const values = {
      "client.listen.port": Number(new URL(box.url).port),
      "mesh.listen.host": "127.0.0.1",
      "mesh.listen.port": await freePort(),
      "mesh.mdns": false,
      "registration.open": this.#openRegistration,
      "limits.rate_limits": false,
      "log.level": "debug",
      ...this.#config,
    };
    writeFileSync(file, withConfigValues(readFileSync(file, "utf8"), values));
  }
}
