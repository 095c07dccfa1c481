import { join } from "node:path";

/** The files in the home folder of a box. Everything that a box owns is below its home. */
export interface HomePaths {
  readonly home: string;
  readonly config: string;
  readonly secrets: string;
  /** Who asks to join, from before it asks until the home is made. */
  readonly joining: string;
  /** The members as last known: whom to dial before the mesh documents are read. */
  readonly members: string;
  readonly pid: string;
  readonly socket: string;
  readonly log: string;
}

export function homePaths(home: string): HomePaths {
  return {
    home,
    config: join(home, "mesh.yaml"),
    secrets: join(home, "secrets.json"),
    joining: join(home, "joining.json"),
    members: join(home, "members.json"),
    pid: join(home, "meshd.pid"),
    socket: join(home, "meshd.sock"),
    log: join(home, "meshd.log"),
  };
}
