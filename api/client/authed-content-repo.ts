import { userEndpoint } from "../endpoint.ts";
import { serveContent, serveThumbnail } from "../media/serve-media.ts";

/** Downloads a file. */
export const getContentAuthed = userEndpoint({
  operationId: "getContentAuthed",
  method: "GET",
  path: "/_matrix/client/v1/media/download/{serverName}/{mediaId}",
  rateLimit: "media",
  handle: (request, services) => serveContent(request, services),
});

/** Downloads a file under a name of the client's choice. */
export const getContentOverrideNameAuthed = userEndpoint({
  operationId: "getContentOverrideNameAuthed",
  method: "GET",
  path: "/_matrix/client/v1/media/download/{serverName}/{mediaId}/{fileName}",
  rateLimit: "media",
  handle: (request, services) => serveContent(request, services, request.params.fileName),
});

/** Downloads the thumbnail of an image. */
export const getContentThumbnailAuthed = userEndpoint({
  operationId: "getContentThumbnailAuthed",
  method: "GET",
  path: "/_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}",
  rateLimit: "media",
  handle: (request, services) => serveThumbnail(request, services),
});

/** How large uploads may be. */
export const getConfigAuthed = userEndpoint({
  operationId: "getConfigAuthed",
  method: "GET",
  path: "/_matrix/client/v1/media/config",
  rateLimit: "default",
  handle: async (_request, { settings }) => ({
    json: { "m.upload.size": settings.uploadBytesMax },
  }),
});
