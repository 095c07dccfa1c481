import { createHash } from "node:crypto";
import { readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { createServer } from "node:net";
import { HomeError } from "./error.ts";

export interface HomeLock {
  /** Removes the pid file and lets another process take the home. */
  release(): void;
}

/**
 * Takes a folder for this process and writes its pid to `pidFile`. Throws `HomeError` HOME_IN_USE
 * when another process has it. The lock is a socket name in Linux's abstract namespace, which the
 * kernel frees with the process, so no crash or power cut leaves a stale lock behind; a left-over
 * pid file is simply written over.
 */
export async function lockHome(home: string, pidFile: string, program: string): Promise<HomeLock> {
  const digest = createHash("sha256").update(realpathSync(home)).digest("hex");
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, `\0hearth-${program}-${digest}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    const pid = readPid(pidFile);
    const who = pid === undefined ? "another process" : `process ${pid}`;
    const message = `${program} already runs on ${home} as ${who}; stop that first`;
    throw new HomeError("HOME_IN_USE", message, error);
  }
  server.unref();
  // Whoever knocks is turned away anyway.
  server.on("error", () => undefined);
  try {
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch {
    // It only tells people which process it is; a full disk must not keep a box from saying so.
  }
  return {
    release: () => {
      server.close();
      try {
        rmSync(pidFile, { force: true });
      } catch {
        // A disk that takes no writes keeps it, and it is simply written over.
      }
    },
  };
}

/** The process named in a pid file, running or not. */
export function readPid(pidFile: string): number | undefined {
  try {
    const text = readFileSync(pidFile, "utf8").trim();
    return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, resolve);
  });
}
