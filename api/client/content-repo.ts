import { createMedia } from "../../core/media/create-media.ts";
import { uploadMedia } from "../../core/media/upload-media.ts";
import { notFound, tooLarge } from "../../core/errors.ts";
import type { Services } from "../../core/services.ts";
import { publicEndpoint, userEndpoint } from "../endpoint.ts";
import { serveContent, serveThumbnail } from "../media/serve-media.ts";

/** Refuses what says that it is too large before reading it. */
function checkAnnouncedSize(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  services: Services,
): void {
  const { uploadBytesMax } = services.settings;
  if (Number(headers["content-length"] ?? 0) > uploadBytesMax) {
    throw tooLarge(`uploads may have ${uploadBytesMax} bytes at most`);
  }
}

/** Uploads a file. */
export const uploadContent = userEndpoint({
  operationId: "uploadContent",
  method: "POST",
  path: "/_matrix/media/v3/upload",
  rateLimit: "media",
  rawBody: true,
  handle: async ({ auth, headers, query, stream }, services) => {
    checkAnnouncedSize(headers, services);
    const mediaId = await uploadMedia(services, {
      user: auth.user,
      body: stream,
      contentType: headers["content-type"]?.toString(),
      fileName: query.get("filename") ?? undefined,
    });
    return { json: { content_uri: `mxc://${services.serverName}/${mediaId}` } };
  },
});

/** Uploads the file of an address that was made earlier. */
export const uploadContentToMXC = userEndpoint({
  operationId: "uploadContentToMXC",
  method: "PUT",
  path: "/_matrix/media/v3/upload/{serverName}/{mediaId}",
  rateLimit: "media",
  rawBody: true,
  handle: async ({ auth, headers, params, query, stream }, services) => {
    checkAnnouncedSize(headers, services);
    if (params.serverName !== services.serverName)
      throw notFound("this address is not of this server");
    await uploadMedia(services, {
      user: auth.user,
      body: stream,
      contentType: headers["content-type"]?.toString(),
      fileName: query.get("filename") ?? undefined,
      mediaId: params.mediaId,
    });
    return { json: {} };
  },
});

/** Makes an address for a file that is uploaded later. */
export const createContent = userEndpoint({
  operationId: "createContent",
  method: "POST",
  path: "/_matrix/media/v1/create",
  rateLimit: "media",
  bodyOptional: true,
  handle: async ({ auth }, services) => {
    const { mediaId, unusedExpiresAt } = await createMedia(services, { user: auth.user });
    return {
      json: {
        content_uri: `mxc://${services.serverName}/${mediaId}`,
        unused_expires_at: unusedExpiresAt,
      },
    };
  },
});

/**
 * Downloads a file without a login.
 * NOTSPEC: not frozen, so that older clients show what newer ones upload; media IDs cannot be guessed.
 */
export const getContent = publicEndpoint({
  operationId: "getContent",
  method: "GET",
  path: "/_matrix/media/v3/download/{serverName}/{mediaId}",
  rateLimit: "media",
  handle: (request, services) => serveContent(request, services),
});

/** Downloads a file without a login, under a name of the client's choice. */
export const getContentOverrideName = publicEndpoint({
  operationId: "getContentOverrideName",
  method: "GET",
  path: "/_matrix/media/v3/download/{serverName}/{mediaId}/{fileName}",
  rateLimit: "media",
  handle: (request, services) => serveContent(request, services, request.params.fileName),
});

/** Downloads the thumbnail of an image without a login. */
export const getContentThumbnail = publicEndpoint({
  operationId: "getContentThumbnail",
  method: "GET",
  path: "/_matrix/media/v3/thumbnail/{serverName}/{mediaId}",
  rateLimit: "media",
  handle: (request, services) => serveThumbnail(request, services),
});

/** How large uploads may be. */
export const getConfig = userEndpoint({
  operationId: "getConfig",
  method: "GET",
  path: "/_matrix/media/v3/config",
  rateLimit: "default",
  handle: async (_request, { settings }) => ({
    json: { "m.upload.size": settings.uploadBytesMax },
  }),
});
