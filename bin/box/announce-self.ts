import type { Logger } from "../../core/ports.ts";
import type { Services } from "../../core/services.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import { putBox } from "../../mesh/membership/membership.ts";
import type { BoxRecord, Membership } from "../../mesh/membership/membership.ts";
import type { PeerKeys } from "../../mesh/transport/identity.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import type { Config } from "../config/schema.ts";
import { usableElsewhere } from "./addresses.ts";

export interface Self {
  readonly transport: Pick<Transport, "self" | "addresses">;
  readonly config: Pick<Config, "box">;
  readonly keys: Pick<PeerKeys, "peerId">;
  readonly membership: Pick<Membership, "onChange">;
  readonly logger: Logger;
}

/**
 * Writes this box's name and present addresses into the mesh document, if they changed. A new box
 * does so before it has heard of the record that its inviter made, which may then win over its own
 * and knows no address; so it says it again whenever the list of boxes has something else.
 */
export async function announceSelf(
  services: Pick<Services, "runner" | "now">,
  { transport, config, keys, membership, logger }: Self,
): Promise<void> {
  const own = (): BoxRecord => ({
    box: transport.self,
    name: config.box.name,
    peerId: keys.peerId,
    addresses: usableElsewhere(transport.addresses()),
    added: millisecondsOf(services.now()),
  });
  // A box serves without having told: where its copy of the list of boxes has rotted, it never could.
  const announce = (): Promise<void> =>
    services.runner.run(putBox, own()).catch((error: unknown) => {
      logger.warn({ err: error }, "could not tell the other boxes the addresses of this one");
    });
  await announce();
  membership.onChange((members) => {
    const listed = members.find(({ box }) => box === transport.self);
    if (listed === undefined || saysTheSame(listed, own())) return;
    void announce();
  });
}

function saysTheSame(a: BoxRecord, b: BoxRecord): boolean {
  return a.name === b.name && a.addresses.join() === b.addresses.join();
}
