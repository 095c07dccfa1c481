import { smoke } from "./smoke.ts";

smoke(101, 200);
