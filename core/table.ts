/** Keys sort part by part: text by code point, numbers by value (non-negative safe integers). */
export type KeyPart = string | number;
export type Key = readonly KeyPart[];

/** A table of `tables.ts`. */
export interface Table<K extends Key, V> {
  readonly name: string;
  /** What its rows are, in plain words, for whoever is told that boxes differ. */
  readonly about: string;
  /** `mesh`: boxes with the same transactions have the same rows. `box`: they need not. */
  readonly scope: "mesh" | "box";
  /** Never present; carries the types. */
  readonly types?: { key: K; value: V };
}
