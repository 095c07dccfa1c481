import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Stage } from "./stage.ts";

/** Copies the homes as they are now: what is mounted in here is gone when the run ends. */
export function keepHomes({ machines }: Stage, folder: string): void {
  for (const { name, box } of machines) {
    cpSync(box.home, join(folder, name), {
      recursive: true,
      filter: (file) => !file.endsWith(".sock"),
    });
  }
}

/** Leaves nothing behind but what was kept. */
export async function clearStage({ mesh, machines }: Stage): Promise<void> {
  for (const { smallDisk, card } of machines) {
    smallDisk?.unmount();
    card?.unmount();
  }
  await mesh.stop();
}
