import { describe, expect, it } from "vitest";
import { InteractiveAuthRequired } from "../../../api/pipeline/interactive-auth.ts";
import { requireUia } from "../../../api/pipeline/uia.ts";
import type { InteractiveAuthOptions } from "../../../api/pipeline/uia.ts";
import { hashPassword } from "../../../core/account/passwords.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import type { Json, JsonObject } from "../../../core/json.ts";
import type { Reader } from "../../../core/ports.ts";
import type { Services } from "../../../core/services.ts";
import { fakeServices } from "../../support/fake-services.ts";

const ALICE = "@alice:hearth.test" as UserId;
const requester = { user: ALICE, device: "D" as DeviceId, tokenId: "t", deviceCreated: 0 };

function request(auth?: JsonObject, path = "/register"): Parameters<typeof requireUia>[0] {
  return { method: "POST", path, body: auth === undefined ? {} : { auth }, auth: requester };
}

async function refusal(
  services: Services,
  options: InteractiveAuthOptions,
  auth?: JsonObject,
  path?: string,
): Promise<JsonObject> {
  const error: unknown = await requireUia(request(auth, path), services, options).catch((e) => e);
  if (!(error instanceof InteractiveAuthRequired)) throw new Error(`not refused: ${String(error)}`);
  return error.body;
}

const DUMMY: InteractiveAuthOptions = { flows: [["m.login.dummy"]] };
const TOKEN_THEN_DUMMY: InteractiveAuthOptions = {
  flows: [["m.login.registration_token", "m.login.dummy"]],
  acceptsRegistrationToken: (token) => token === "good",
};

/** A store with one field of the account of every user. */
function readerWith(field: string, value: Json): Reader {
  return {
    get: (_table, key) => (key.at(-1) === field ? (value as never) : undefined),
    snapshot: () => {
      throw new Error("only single fields are read");
    },
  };
}

describe("requireUia", () => {
  it("asks with flows and a session, and no error, when nothing was tried", async () => {
    const body = await refusal(fakeServices(), DUMMY);
    expect(body).toEqual({
      flows: [{ stages: ["m.login.dummy"] }],
      params: {},
      session: expect.any(String),
    });
  });

  it("lets through once the only stage is done, with or without a session", async () => {
    const services = fakeServices();
    const { session } = await refusal(services, DUMMY);
    const done = requireUia(request({ type: "m.login.dummy", session }), services, DUMMY);
    await expect(done).resolves.toEqual({ sessionId: expect.any(String) });
    await requireUia(request({ type: "m.login.dummy" }), services, DUMMY);
  });

  it("goes through the stages in order, each on another box, in one session", async () => {
    const boxes = [fakeServices(), fakeServices(), fakeServices()] as const;
    const first = await refusal(boxes[0], TOKEN_THEN_DUMMY);
    const stage = { type: "m.login.registration_token", token: "good", session: first["session"] };
    const second = await refusal(boxes[1], TOKEN_THEN_DUMMY, stage);
    expect(second["completed"]).toEqual(["m.login.registration_token"]);
    expect(second["errcode"]).toBeUndefined();
    const last = request({ type: "m.login.dummy", session: second["session"] });
    const outcome = await requireUia(last, boxes[2], TOKEN_THEN_DUMMY);
    expect(outcome.registrationToken).toBe("good");
    const again = await requireUia(last, boxes[0], TOKEN_THEN_DUMMY);
    expect(again.sessionId).toBe(outcome.sessionId);
  });

  it("refuses a stage out of order and one that is not offered", async () => {
    const services = fakeServices();
    for (const type of ["m.login.dummy", "m.login.password", "made.up"]) {
      const body = await refusal(services, TOKEN_THEN_DUMMY, { type });
      expect(body).toMatchObject({ errcode: "M_FORBIDDEN", session: expect.any(String) });
    }
  });

  it("refuses a wrong registration token and lets the client try again", async () => {
    const services = fakeServices();
    const stage = { type: "m.login.registration_token", token: "bad" };
    const body = await refusal(services, TOKEN_THEN_DUMMY, stage);
    expect(body["completed"]).toBeUndefined();
    const next = { ...stage, token: "good", session: body["session"] };
    expect((await refusal(services, TOKEN_THEN_DUMMY, next))["completed"]).toHaveLength(1);
  });

  it("does not carry a session over to another request, and not beyond its hour", async () => {
    const services = fakeServices();
    const stage = { type: "m.login.registration_token", token: "good" };
    const { session } = await refusal(services, TOKEN_THEN_DUMMY, stage);
    const next = { type: "m.login.dummy", session };
    const elsewhere = await refusal(services, TOKEN_THEN_DUMMY, next, "/delete_devices");
    expect(elsewhere["completed"]).toBeUndefined();
    services.clock.ms += 60 * 60_000 + 1;
    expect((await refusal(services, TOKEN_THEN_DUMMY, next))["completed"]).toBeUndefined();
  });

  it("does not believe a session that was tampered with", async () => {
    const services = fakeServices();
    const body = await refusal(services, TOKEN_THEN_DUMMY);
    const [payload = "", mac = ""] = (body["session"] as string).split(".");
    const opened = JSON.parse(Buffer.from(payload, "base64url").toString()) as JsonObject;
    const forged = { ...opened, completed: ["m.login.registration_token"] };
    const text = Buffer.from(JSON.stringify(forged)).toString("base64url");
    for (const session of [`${text}.${mac}`, `${text}.`, text, "", "x".repeat(5000)]) {
      const next = await refusal(services, TOKEN_THEN_DUMMY, { type: "m.login.dummy", session });
      expect(next["completed"]).toBeUndefined();
    }
  });

  it("checks the password of the user who asks", async () => {
    const hash = await hashPassword(fakeServices().random, "secret");
    const services = fakeServices({ reader: readerWith("password_hash", hash) });
    const options: InteractiveAuthOptions = { flows: [["m.login.password"]] };
    const identifier = { type: "m.id.user", user: "alice" };
    const right = { type: "m.login.password", identifier, password: "secret" };
    await requireUia(request(right), services, options);
    await requireUia(
      request({ ...right, identifier: { ...identifier, user: ALICE } }),
      services,
      options,
    );
    for (const wrong of [
      { ...right, password: "Secret" },
      { ...right, identifier: { ...identifier, user: "bob" } },
      { ...right, identifier: { type: "m.id.phone" } },
    ]) {
      expect(await refusal(services, options, wrong)).toMatchObject({ errcode: "M_FORBIDDEN" });
    }
    const malformed = requireUia(request({ type: "m.login.password" }), services, options);
    await expect(malformed).rejects.toMatchObject({ errcode: "M_BAD_JSON" });
  });
});
