import { uploadNeedsAuthentication, uploadUserKeys } from "../../core/key/cross-signing-keys.ts";
import type { CrossSigningKeys } from "../../core/key/cross-signing-keys.ts";
import { uploadSignatures } from "../../core/key/upload-signatures.ts";
import type { JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { userEndpoint } from "../endpoint.ts";
import { requireUia } from "../pipeline/uia.ts";

function keysOf(body: JsonObject): CrossSigningKeys {
  const { master_key: master, self_signing_key: self, user_signing_key: user } = body;
  return {
    ...(isObject(master) ? { master } : {}),
    ...(isObject(self) ? { self_signing: self } : {}),
    ...(isObject(user) ? { user_signing: user } : {}),
  };
}

/** Publishes cross-signing keys; replacing some needs the password. */
export const uploadCrossSigningKeys = userEndpoint({
  operationId: "uploadCrossSigningKeys",
  method: "POST",
  path: "/_matrix/client/v3/keys/device_signing/upload",
  aliases: ["/_matrix/client/unstable/keys/device_signing/upload"],
  rateLimit: "default",
  bodySchema: "uploadCrossSigningKeys",
  handle: async (request, services) => {
    const { user } = request.auth;
    const keys = keysOf(request.body);
    const authenticated = uploadNeedsAuthentication(services.reader, user, keys);
    if (authenticated) await requireUia(request, services, { flows: [["m.login.password"]] });
    await uploadUserKeys(services, { user, keys, authenticated });
    return { json: {} };
  },
});

/** Publishes signatures on keys. */
export const uploadCrossSigningSignatures = userEndpoint({
  operationId: "uploadCrossSigningSignatures",
  method: "POST",
  path: "/_matrix/client/v3/keys/signatures/upload",
  aliases: ["/_matrix/client/unstable/keys/signatures/upload"],
  rateLimit: "default",
  bodySchema: "uploadCrossSigningSignatures",
  handle: async ({ auth, body }, services) => ({
    json: { failures: await uploadSignatures(services, { user: auth.user, signed: body }) },
  }),
});
