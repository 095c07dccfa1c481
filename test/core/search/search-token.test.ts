import { expect, test } from "vitest";
import type { EventId } from "../../../core/ids.ts";
import { encodeSearchToken, parseSearchToken } from "../../../core/search/search-token.ts";
import type { SearchToken } from "../../../core/search/search-token.ts";
import type { Vector } from "../../../core/vector.ts";

const vector = { "aaaaaaaa.1": 5, "bbbbbbbb.2": 7 } as Vector;
const before = { ts: 1_767_225_600_000, depth: 12, id: "$an-event" as EventId };

test.each<SearchToken>([
  { vector, told: 0 },
  { vector, told: 30, before },
])("a token is read as it was written: %o", (token) => {
  expect(parseSearchToken(encodeSearchToken(token))).toEqual(token);
});

const written = encodeSearchToken({ vector, told: 1, before });

test.each([
  "",
  "q1_",
  "t1_0...",
  `${written}.x`,
  written.replace("q1_1", "q1_-1"),
  written.replace("q1_1", "q1_zzzzzzzzzzz"),
  "q1_0.x..",
  "q1_0.1.JGV2ZW50.",
])("what this server did not write is refused: %s", (text) => {
  expect(() => parseSearchToken(text)).toThrow(expect.objectContaining({ status: 400 }) as Error);
});
