import { searchUsers } from "../../core/user-directory/search-users.ts";
import { userEndpoint } from "../endpoint.ts";
import { textOf } from "../parse-ids.ts";

/** Finds users by name. */
export const searchUserDirectory = userEndpoint({
  operationId: "searchUserDirectory",
  method: "POST",
  path: "/_matrix/client/v3/user_directory/search",
  rateLimit: "default",
  bodySchema: "searchUserDirectory",
  handle: async ({ auth, body }, services) => ({
    json: await searchUsers(services, {
      asking: auth.user,
      term: textOf(body["search_term"]) ?? "",
      limit: typeof body["limit"] === "number" ? body["limit"] : undefined,
    }),
  }),
});
