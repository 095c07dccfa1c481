/** The package ships without types. */
declare module "canonicaljson" {
  export function stringify(value: unknown): string;
}
