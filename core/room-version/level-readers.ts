import type { Json } from "../json.ts";

/** The power level that a value stands for; `undefined` if it stands for none. */
export type LevelReader = (value: Json | undefined) => number | undefined;

const INTEGER_TEXT = /^\s*[+-]?\d+\s*$/;

/** https://spec.matrix.org/v1.19/rooms/v10/#values-in-mroompower_levels-events-must-be-integers */
export const readInteger: LevelReader = (value) =>
  typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;

/** https://spec.matrix.org/v1.19/rooms/v9/#mroompower_levels-events-accept-values-as-strings */
export const readIntegerOrText: LevelReader = (value) =>
  typeof value === "string" && INTEGER_TEXT.test(value)
    ? readInteger(Number(value))
    : readInteger(value);

/** https://spec.matrix.org/v1.19/rooms/v5/#mroompower_levels-events-accept-values-as-floats */
export const readFloatOrText: LevelReader = (value) =>
  typeof value === "number" && Number.isFinite(value)
    ? Math.trunc(value)
    : readIntegerOrText(value);
