import { expect, test } from "vitest";
import { delayedEvents } from "../../../core/tables.ts";
import { encodeKey } from "../../../mesh/store/keys.ts";
import { compareBoxes } from "../../../mesh/verify/compare.ts";
import type {
  ComparedBox,
  SectionDigest,
  StillReading,
} from "../../../mesh/verify/compared-box.ts";
import { namedBox } from "../../../mesh/verify/named-box.ts";
import type { VerifyDesk } from "../../../mesh/verify/verify-desk.ts";
import { ALICE } from "../../core/rooms/ledger-box.ts";
import { deskOf, equalBoxes, hurried } from "./support.ts";

/** A box of another version, which says another list of what it has. */
function withSections(
  desk: VerifyDesk,
  sectionsOf: (all: SectionDigest[]) => SectionDigest[],
): ComparedBox {
  async function* sections(session: number): AsyncGenerator<SectionDigest | StillReading> {
    const all = await Array.fromAsync(desk.sections(session));
    yield* sectionsOf(all.flatMap((section) => section ?? []));
  }
  return { ...namedBox(desk), sections };
}

const NO_DIFFERENCE = { differences: [], undecided: 0, isMore: false, forks: [], sameMoment: true };

test("boxes do not differ in a table that one of them does not keep; it is said that it was not compared", async () => {
  const [a, b] = await equalBoxes(["a", "b"]);
  const key = encodeKey(delayedEvents, [ALICE, "later"]);
  a!.disk.write([{ type: "put", key, value: "true" }]);
  const earlier = withSections(deskOf(b!), (all) =>
    all.filter(({ name }) => name !== delayedEvents.name),
  );
  const found = await compareBoxes(deskOf(a!), [earlier], hurried());
  expect(found).toMatchObject({ ...NO_DIFFERENCE, skipped: [delayedEvents.name] });
});

test("nor in one that only the other box knows", async () => {
  const boxes = await equalBoxes(["a", "b"]);
  const later = withSections(deskOf(boxes[1]!), (all) => [
    { name: "zz", rows: 3, hash: "x" },
    ...all,
  ]);
  const found = await compareBoxes(deskOf(boxes[0]!), [later], hurried());
  expect(found).toMatchObject({ ...NO_DIFFERENCE, skipped: [] });
});
