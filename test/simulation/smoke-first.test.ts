import { smoke } from "./smoke.ts";

smoke(1, 100);
