import "./sdk-log.ts";
import { once } from "node:events";
import { ClientEvent, EventType } from "matrix-js-sdk";
import type { SdkClient } from "./sdk-client.ts";

/** How long the SDK waits for an answer about keys that is under way, milliseconds. */
const AWAITED_MS = 1000;

/**
 * Waits until a client has every answer about its user's keys as they are now. One about older keys that comes after
 * the user made new ones has the SDK throw the new ones away, for good.
 */
export async function untilOwnKeysAreIn({ sdk, crypto, id }: SdkClient): Promise<void> {
  // The answer that brings this back tells of all changes to keys before it.
  await sdk.setAccountData(EventType.Direct, { [id]: [`!${performance.now()}`] });
  await once(sdk, ClientEvent.Sync);
  for (let waitedMs = AWAITED_MS; waitedMs >= AWAITED_MS;) {
    const fromMs = performance.now();
    await crypto.getUserDeviceInfo([id]);
    waitedMs = performance.now() - fromMs;
  }
}
