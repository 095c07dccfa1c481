import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lockHome, readPid } from "../../../bin/home/lock.ts";
import { tempFolder } from "../../support/temp-folder.ts";

it("writes the pid and removes it on release", async () => {
  const home = tempFolder();
  const pidFile = join(home, "meshd.pid");
  const lock = await lockHome(home, pidFile, "meshd");
  expect(readFileSync(pidFile, "utf8")).toBe(`${process.pid}\n`);
  lock.release();
  expect(existsSync(pidFile)).toBe(false);
});

it("refuses a second holder and names the first", async () => {
  const home = tempFolder();
  const pidFile = join(home, "meshd.pid");
  const lock = await lockHome(home, pidFile, "meshd");
  await expect(lockHome(join(home, "."), pidFile, "meshd")).rejects.toMatchObject({
    code: "HOME_IN_USE",
    message: `meshd already runs on ${home} as process ${process.pid}; stop that first`,
  });
  lock.release();
});

it("is released also where the disk does not let the pid file go", async () => {
  const home = tempFolder();
  const pidFile = join(home, "meshd.pid");
  const lock = await lockHome(home, pidFile, "meshd");
  // A folder is removed no more than a file of a disk that takes no writes.
  rmSync(pidFile);
  mkdirSync(pidFile);
  lock.release();
  (await lockHome(home, join(home, "other.pid"), "meshd")).release();
});

it("takes over from a process that died and left its pid file, whoever has that pid now", async () => {
  const home = tempFolder();
  const pidFile = join(home, "meshd.pid");
  writeFileSync(pidFile, "1\n");
  const lock = await lockHome(home, pidFile, "meshd");
  expect(readPid(pidFile)).toBe(process.pid);
  lock.release();
});

it("does not take text for a pid", () => {
  const pidFile = join(tempFolder(), "meshd.pid");
  writeFileSync(pidFile, "-1\n");
  expect(readPid(pidFile)).toBeUndefined();
});
