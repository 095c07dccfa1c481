import type { Services } from "../../core/services.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import { putBox } from "../../mesh/membership/membership.ts";
import type { PeerKeys } from "../../mesh/transport/identity.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import type { Config } from "../config/schema.ts";

/** Writes this box's name and present addresses into the mesh document, if they changed. */
export async function announceSelf(
  services: Services,
  self: { readonly transport: Transport; readonly config: Config; readonly keys: PeerKeys },
): Promise<void> {
  const { transport, config, keys } = self;
  await services.runner.run(putBox, {
    box: transport.self,
    name: config.box.name,
    peerId: keys.peerId,
    addresses: transport.addresses(),
    added: millisecondsOf(services.now()),
  });
}
