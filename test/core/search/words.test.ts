import { expect, test } from "vitest";
import { rankOf, wordsOf } from "../../../core/search/words.ts";

const finds = (term: string, text: string): boolean => rankOf(wordsOf(term), text) > 0;

test("words are found without case, accents and punctuation", () => {
  expect(wordsOf("  Crème, crème BRÛLÉE! ")).toEqual(["creme", "brulee"]);
  expect(finds("JOSÉ", "ask jose, please")).toBe(true);
  expect(finds("jose", "Ask José!")).toBe(true);
});

test("all words must be there, in any order, each at the beginning of a word", () => {
  expect(finds("men martians", "Martians and men")).toBe(true);
  expect(finds("mart", "Martians and men")).toBe(true);
  expect(finds("martians women", "Martians and men")).toBe(false);
  expect(finds("art", "Martians and men")).toBe(false);
});

test("words of scripts without spaces are found anywhere", () => {
  expect(finds("天气", "今天天气很好")).toBe(true);
  expect(finds("อากาศ", "วันนี้อากาศดี")).toBe(true);
  expect(finds("雨", "今天天气很好")).toBe(false);
});

test("a term without words finds nothing", () => {
  expect(wordsOf(" !? ")).toEqual([]);
  expect(rankOf([], "anything")).toBe(0);
});

test("whole words rank above beginnings, short texts above long ones", () => {
  const rank = (text: string): number => rankOf(wordsOf("cake"), text);
  expect(rank("cake now")).toBeGreaterThan(rank("cakes now"));
  expect(rank("cake now")).toBeGreaterThan(rank("there is cake in the kitchen"));
  expect(rank("cake")).toBe(1);
});
