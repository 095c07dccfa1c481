import { useCompileCache } from "./runtime.ts";

useCompileCache();
// Only now: what is imported before is compiled at every start.
await import("./meshctl/main.ts");
