import type { Result } from "./report.ts";

export function writeDocument(_result: Result): void {}
