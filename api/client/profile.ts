import { badJson, missingParam } from "../../core/errors.ts";
import { checkFieldName, readField, readProfile, setField } from "../../core/profile/profile.ts";
import { publicEndpoint, userEndpoint } from "../endpoint.ts";
import { userIdOf } from "../parse-ids.ts";

/** The whole profile of a user. */
export const getUserProfile = publicEndpoint({
  operationId: "getUserProfile",
  method: "GET",
  path: "/_matrix/client/v3/profile/{userId}",
  rateLimit: "default",
  handle: async ({ params }, services) => ({
    json: await readProfile(services, userIdOf(params.userId)),
  }),
});

/** One field of a user's profile. */
export const getProfileField = publicEndpoint({
  operationId: "getProfileField",
  method: "GET",
  path: "/_matrix/client/v3/profile/{userId}/{keyName}",
  rateLimit: "default",
  handle: async ({ params }, services) => {
    const { keyName } = params;
    checkFieldName(keyName);
    return { json: { [keyName]: await readField(services, userIdOf(params.userId), keyName) } };
  },
});

/** Sets a field; a new name or avatar goes into the rooms of the user. */
export const setProfileField = userEndpoint({
  operationId: "setProfileField",
  method: "PUT",
  path: "/_matrix/client/v3/profile/{userId}/{keyName}",
  rateLimit: "default",
  bodySchema: "setProfileField",
  handle: async ({ auth, params, body }, services) => {
    const { keyName } = params;
    const value = Object.hasOwn(body, keyName) ? body[keyName] : undefined;
    if (value === undefined) throw missingParam(`${keyName} is missing`);
    if (Object.keys(body).length > 1) throw badJson("only the field of the path can be set");
    const user = userIdOf(params.userId);
    await setField(services, auth.user, { user, field: keyName, value });
    return { json: {} };
  },
});

/** Removes a field; one that is not there is fine. */
export const deleteProfileField = userEndpoint({
  operationId: "deleteProfileField",
  method: "DELETE",
  path: "/_matrix/client/v3/profile/{userId}/{keyName}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const user = userIdOf(params.userId);
    await setField(services, auth.user, { user, field: params.keyName, value: undefined });
    return { json: {} };
  },
});
