import type { Logger } from "../../../core/ports.ts";

const silent = (): void => undefined;
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent };
