import type { Logger } from "../../core/ports.ts";
import type { Membership } from "../../mesh/membership/membership.ts";
import { saveMembers } from "../home/members.ts";

/** Keeps the file of members current: whom to dial at the next start, before the store is read. */
export function rememberMembers(membership: Membership, file: string, logger: Logger): void {
  membership.onChange((members) => {
    try {
      saveMembers(file, members);
    } catch (error) {
      // The mesh document has them too; the file is written again at the next change or start.
      logger.warn({ err: error }, "the list of members was not saved");
    }
  });
}
