import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { TestMesh } from "./test-mesh.ts";
import type { TestMeshOptions } from "./test-mesh.ts";

const NAMES = ["box1", "box2", "box3"];

declare module "vitest" {
  interface ProvidedContext {
    /** A folder with the homes of three boxes that have met and were stopped. */
    homes: string;
  }
}

/** Runs once before all files: three boxes are made with the command line, of which each file gets copies. */
export async function setup({ provide }: TestProject): Promise<() => void> {
  const mesh = await TestMesh.start();
  await Promise.all(mesh.boxes.map((box) => box.stop()));
  for (const { log } of mesh.boxes) rmSync(log);
  provide("homes", mesh.folder);
  return () => rmSync(mesh.folder, { recursive: true });
}

/** Three boxes on the loopback that see each other, and have nothing but each other. */
export function threeBoxes(
  options: Pick<TestMeshOptions, "config" | "openRegistration"> = {},
): Promise<TestMesh> {
  const unpack = (folder: string): void => {
    for (const name of NAMES) {
      cpSync(join(inject("homes"), name), join(folder, name), { recursive: true });
    }
  };
  return TestMesh.adopt(NAMES, unpack, options);
}
