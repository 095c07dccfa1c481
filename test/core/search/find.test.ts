import { expect, test } from "vitest";
import { parseCriteria } from "../../../core/search/criteria.ts";
import { find } from "../../../core/search/find.ts";
import type { Found, SearchLimits } from "../../../core/search/find.ts";
import type { Services } from "../../../core/services.ts";
import type { RoomId } from "../../../core/ids.ts";
import { presenterFor } from "../../../core/timeline/access.ts";
import { oneBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

/** All pages of a search for "cake", each as the bodies that it has. */
async function allPages(
  box: Services,
  alice: SyncClient,
  rooms: readonly RoomId[],
  order: "recent" | "rank",
  limits: SearchLimits,
): Promise<unknown[][]> {
  using snapshot = box.reader.snapshot();
  const ground = {
    snapshot,
    rooms,
    presenter: (room: RoomId) => presenterFor(box, snapshot, alice.requester, room),
  };
  const criteria = parseCriteria({ search_term: "cake", order_by: order, filter: { limit: 2 } });
  const pages: unknown[][] = [];
  let next: Found["next"] = { vector: snapshot.vector, told: 0 };
  while (next) {
    const found: Found = await find(ground, criteria, next, limits);
    pages.push(found.page.map(({ event }) => event.pdu.content["body"]));
    next = found.next;
  }
  return pages;
}

test("a search goes on below what one request may look at, and over all rooms in one order", async () => {
  let now = 1_767_225_600_000;
  const { services: box, stop } = await oneBox({ wallClock: () => (now += 2) });
  try {
    const alice = new SyncClient("alice");
    const rooms = [await alice.createRoom(box), await alice.createRoom(box)];
    const [one, two] = rooms as [RoomId, RoomId];
    for (let i = 0; i < 6; i++) {
      await alice.send(box, i % 2 ? one : two, `cake ${"x ".repeat(i % 3)}${i}`);
      await alice.send(box, one, "nothing");
    }
    const newestFirst = ["cake x x 5", "cake x 4", "cake 3", "cake x x 2", "cake x 1", "cake 0"];
    for (const scanned of [1, 3, 4, 1000]) {
      const limits = { scanned, ranked: 3 };
      const recent = await allPages(box, alice, rooms, "recent", limits);
      expect(recent.flat()).toEqual(newestFirst);
      const ranked = await allPages(box, alice, rooms, "rank", limits);
      expect(ranked.flat().toSorted()).toEqual(newestFirst.toSorted());
    }
    // Three at a time are ranked against each other, and told two to a page.
    const pages = await allPages(box, alice, rooms, "rank", { scanned: 1000, ranked: 3 });
    expect(pages.slice(0, 4)).toEqual([
      ["cake 3", "cake x 4"],
      ["cake x x 5"],
      ["cake 0", "cake x 1"],
      ["cake x x 2"],
    ]);
  } finally {
    await stop();
  }
});
