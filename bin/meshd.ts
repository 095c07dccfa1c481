import { useBoxRuntime } from "./runtime.ts";

useBoxRuntime();
// Only now: before, it would be loaded twice.
await import("./meshd/main.ts");
