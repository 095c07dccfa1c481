import { expect, test } from "vitest";
import { accountApi } from "../../support/account-api.ts";

test("messages of more bytes than one box can tell another at once are refused as too large", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const messages = { [alice.user]: { [alice.device]: { body: "好".repeat(1_900_000) } } };
  const answer = await api.call(alice, "PUT", "/sendToDevice/m.x/1", { messages });
  expect(answer).toMatchObject({ status: 413, json: { errcode: "M_TOO_LARGE" } });
});
