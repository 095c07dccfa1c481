import { expect, it } from "vitest";
import { isStopOnPurpose } from "../../../bin/start/box-process.ts";

it.each([
  [{ code: 0, signal: null }, true],
  [{ code: null, signal: "SIGKILL" }, true],
  [{ code: null, signal: "SIGTERM" }, true],
  [{ code: 1, signal: null }, false],
  [{ code: null, signal: "SIGSEGV" }, false],
  [{ code: null, signal: "SIGABRT" }, false],
] as const)("tells a stop on purpose from a crash: %j", (exit, onPurpose) => {
  expect(isStopOnPurpose(exit)).toBe(onPurpose);
});
