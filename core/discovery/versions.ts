/**
 * Versions of the specification that clients may rely on. Some clients refuse a server without one of
 * the old ones. https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientversions
 */
export const SPEC_VERSIONS: readonly string[] = [
  "r0.6.1",
  ...Array.from({ length: 19 }, (_, i) => `v1.${i + 1}`),
];

/** Unstable features that work here, by the name that clients look for. */
export const UNSTABLE_FEATURES: Readonly<Record<string, boolean>> = {
  /** Switching pushers off and on from another device. */
  "org.matrix.msc3881": true,
  /** Delayed events. */
  "org.matrix.msc4140": true,
};
