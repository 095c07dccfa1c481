/** The kinds of value that `mesh.yaml` may hold. A field checks a value and says what it expected. */
export interface Field<T> {
  readonly kind: "field";
  /** What the key means, for a person who edits the file. */
  readonly about: string;
  /** What a value must look like, as in "expected …". */
  readonly expected: string;
  /** Undefined: there is no default. With `required` the file must then give the value. */
  readonly default: T;
  readonly required: boolean;
  /** Shown, commented out, where there is no default. */
  readonly example: unknown;
  accepts(value: unknown): boolean;
}

export interface Group<F extends Fields> {
  readonly kind: "group";
  readonly about: string;
  readonly fields: F;
}

export interface Fields {
  readonly [key: string]: Field<unknown> | Group<Fields>;
}

/** The plain object that a group of fields describes; keys as in the file. */
export type ValueOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T>
    ? T
    : F[K] extends Group<infer G>
      ? ValueOf<G>
      : never;
};

/** Most entries of a list in the file; each is used at start-up, none needs more. */
const LIST_ENTRIES_MAX = 64;
/** Longest text value, in UTF-16 units: a URL with room to spare. */
const TEXT_LENGTH_MAX = 1024;

export interface TextRule {
  readonly about: string;
  readonly expected: string;
  readonly example: string;
  readonly test: (text: string) => boolean;
}

const isText = (value: unknown, test: (text: string) => boolean): boolean =>
  typeof value === "string" && value.length <= TEXT_LENGTH_MAX && test(value);

export function group<F extends Fields>(about: string, fields: F): Group<F> {
  return { kind: "group", about, fields };
}

/** Text that the file must give. */
export function requiredText(rule: TextRule): Field<string> {
  return {
    ...rule,
    kind: "field",
    default: "",
    required: true,
    accepts: (value) => isText(value, rule.test),
  };
}

export function text(
  rule: Omit<TextRule, "example"> & { readonly default: string },
): Field<string> {
  return {
    ...rule,
    kind: "field",
    required: false,
    example: rule.default,
    accepts: (value) => isText(value, rule.test),
  };
}

/** Text that may be left out, without a default. */
export function optionalText(rule: TextRule): Field<string | undefined> {
  return {
    ...rule,
    kind: "field",
    default: undefined,
    required: false,
    accepts: (value) => isText(value, rule.test),
  };
}

export function textList(rule: TextRule): Field<readonly string[]> {
  return {
    kind: "field",
    about: rule.about,
    expected: `a list of at most ${LIST_ENTRIES_MAX}, each ${rule.expected}`,
    default: [],
    required: false,
    example: [rule.example],
    accepts: (value) =>
      Array.isArray(value) &&
      value.length <= LIST_ENTRIES_MAX &&
      value.every((entry) => isText(entry, rule.test)),
  };
}

export function integer(rule: {
  readonly about: string;
  readonly min: number;
  readonly max: number;
  readonly default: number;
}): Field<number> {
  return {
    kind: "field",
    about: rule.about,
    expected: `a whole number from ${rule.min} to ${rule.max}`,
    default: rule.default,
    required: false,
    example: rule.default,
    accepts: (value) =>
      typeof value === "number" &&
      Number.isSafeInteger(value) &&
      value >= rule.min &&
      value <= rule.max,
  };
}

export function flag(rule: { readonly about: string; readonly default: boolean }): Field<boolean> {
  return {
    ...rule,
    kind: "field",
    expected: "true or false",
    required: false,
    example: rule.default,
    accepts: (value) => typeof value === "boolean",
  };
}

export function choice<const T extends readonly string[]>(rule: {
  readonly about: string;
  readonly of: T;
  readonly default: T[number];
}): Field<T[number]> {
  return {
    kind: "field",
    about: rule.about,
    expected: `one of ${rule.of.join(", ")}`,
    default: rule.default,
    required: false,
    example: rule.default,
    accepts: (value) => typeof value === "string" && rule.of.includes(value),
  };
}
