import { describe, expect, it } from "vitest";
import { announceSelf } from "../../../bin/box/announce-self.ts";
import type { BoxId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";
import type { BoxRecord } from "../../../mesh/membership/membership.ts";
import { silentLogger } from "../../mesh/media/silent-logger.ts";

const ATTIC = "atticbox" as BoxId;
const ADDRESSES = ["/dns/attic.example.org/tcp/8009"];

/** Announces a box; `list` is what the mesh document then says. */
async function announced(outcome = (): Promise<void> => Promise.resolve()): Promise<{
  readonly said: readonly BoxRecord[];
  list(members: readonly BoxRecord[]): void;
}> {
  const said: BoxRecord[] = [];
  const listeners: ((members: readonly BoxRecord[]) => void)[] = [];
  const run = (_command: unknown, record: unknown): Promise<void> => {
    said.push(record as BoxRecord);
    return outcome();
  };
  const runner = { run } as unknown as Services["runner"];
  await announceSelf(
    { runner, now: () => 0 as HybridTime },
    {
      transport: { self: ATTIC, addresses: () => ADDRESSES },
      config: { box: { name: "attic" } },
      keys: { peerId: "12D3KooW" },
      membership: { onChange: (listener) => void listeners.push(listener) },
      logger: silentLogger,
    },
  );
  return { said, list: (members) => listeners.forEach((listener) => listener(members)) };
}

describe("a box that starts", () => {
  it("says its name and addresses", async () => {
    const { said } = await announced();
    expect(said).toMatchObject([{ box: ATTIC, name: "attic", addresses: ADDRESSES }]);
  });

  it("starts also where it cannot say it, and says it later", async () => {
    const { said, list } = await announced(() => Promise.reject(new Error("rotten")));
    list([{ box: ATTIC, name: "attic", peerId: "12D3KooW", addresses: [], added: 0 }]);
    expect(said).toHaveLength(2);
  });

  it("says them again when the record of its inviter, without addresses, won over its own", async () => {
    const { said, list } = await announced();
    list([{ box: ATTIC, name: "attic", peerId: "12D3KooW", addresses: [], added: 0 }]);
    expect(said).toHaveLength(2);
    expect(said[1]).toMatchObject({ addresses: ADDRESSES });
  });

  it("is quiet when the list is right, or does not have it any more", async () => {
    const { said, list } = await announced();
    list([{ box: ATTIC, name: "attic", peerId: "12D3KooW", addresses: ADDRESSES, added: 7 }]);
    list([]);
    expect(said).toHaveLength(1);
  });
});
