import sharp from "sharp";
import { describe, expect, it, onTestFinished } from "vitest";
import { clientEndpoints } from "../../../api/client/index.ts";
import type { Blobs } from "../../../core/ports.ts";
import type { Services } from "../../../core/services.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBoxOptions } from "../../support/one-box.ts";
import { testApi } from "../../support/test-api.ts";
import type { TestApi } from "../../support/test-api.ts";

const DOWNLOAD = "/_matrix/client/v1/media/download";
const LEGACY = "/_matrix/media/v3";

/** The API of a whole box; `override` replaces ports of it. */
async function mediaApi(
  options: TestBoxOptions = {},
  override: Partial<Services> = {},
): Promise<TestApi> {
  const box = await oneBox(options);
  onTestFinished(() => box.stop());
  return testApi({ services: { ...box.services, ...override }, endpoints: clientEndpoints });
}

const BLUE = { width: 300, height: 200, channels: 3, background: "blue" } as const;

async function upload(
  api: TestApi,
  body: string | Uint8Array<ArrayBuffer>,
  contentType: string,
  query = "",
): Promise<string> {
  const headers = { "content-type": contentType };
  const path = `${LEGACY}/upload${query}`;
  const answer = await api.request("POST", path, { as: "alice", body, headers });
  expect(answer.status).toBe(200);
  return (answer.json["content_uri"] as string).slice("mxc://".length);
}

describe("uploaded content", () => {
  it("comes back as it was, with and without a login", async () => {
    await using api = await mediaApi();
    const mxc = await upload(api, "hello", "text/plain", "?filename=a%20b.txt");
    for (const path of [
      `${DOWNLOAD}/${mxc}`,
      `${LEGACY}/download/${mxc}`,
      `/_matrix/media/r0/download/${mxc}`,
    ]) {
      const answer = await api.request("GET", path, { as: "bob" });
      expect([answer.status, answer.text]).toEqual([200, "hello"]);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "content-type": "text/plain",
        "content-length": "5",
        "content-disposition": 'inline; filename="a b.txt"',
        "cross-origin-resource-policy": "cross-origin",
        "content-security-policy": expect.stringContaining("sandbox; default-src 'none'"),
      });
    }
  });

  it("needs a login on the authenticated path only", async () => {
    await using api = await mediaApi();
    const mxc = await upload(api, "hello", "text/plain");
    expect((await api.request("GET", `${DOWNLOAD}/${mxc}`)).json["errcode"]).toBe(
      "M_MISSING_TOKEN",
    );
    expect((await api.request("GET", `${LEGACY}/download/${mxc}`)).status).toBe(200);
  });

  it("is never shown in place when it could run scripts", async () => {
    await using api = await mediaApi();
    for (const type of ["text/html", "image/svg+xml", "application/octet-stream", "nonsense"]) {
      const mxc = await upload(api, "<script>", type);
      const { headers } = await api.request("GET", `${DOWNLOAD}/${mxc}`, { as: "bob" });
      expect(headers.get("content-disposition")).toBe("attachment");
    }
  });

  it("takes the name that the client asks for", async () => {
    await using api = await mediaApi();
    const mxc = await upload(api, "x", "text/html", "?filename=evil.html");
    const name = encodeURIComponent('Ünï "x"\r\nset-cookie: a=b.txt');
    const { headers } = await api.request("GET", `${DOWNLOAD}/${mxc}/${name}`, { as: "bob" });
    expect(headers.get("content-disposition")).toBe(
      'attachment; filename="_n_ _x___set-cookie: a=b.txt"; ' +
        "filename*=UTF-8''%C3%9Cn%C3%AF%20%22x%22%0D%0Aset-cookie%3A%20a%3Db.txt",
    );
    expect(headers.has("set-cookie")).toBe(false);
  });

  it("may not be larger than the owner allows, announced or not", async () => {
    await using api = await mediaApi({ settings: { uploadBytesMax: 10 } });
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(6));
        controller.enqueue(new Uint8Array(6));
        controller.close();
      },
    });
    for (const body of ["x".repeat(11), stream]) {
      const answer = await api.request("POST", `${LEGACY}/upload`, { as: "alice", body });
      expect([answer.status, answer.json["errcode"]]).toEqual([413, "M_TOO_LARGE"]);
    }
    const config = await api.request("GET", "/_matrix/client/v1/media/config", { as: "alice" });
    expect(config.json).toEqual({ "m.upload.size": 10 });
    await upload(api, "x".repeat(10), "text/plain");
  });

  it.each([
    ["an unknown ID", "hearth.test/abc"],
    ["another server", "elsewhere.test/abc"],
    ["a bad server name", "hearth_test/abc"],
    ["an ID with dots", "hearth.test/..%2Fabc"],
  ])("is 404 M_NOT_FOUND for %s", async (_why, mxc) => {
    await using api = await mediaApi();
    const answer = await api.request("GET", `${LEGACY}/download/${mxc}`);
    expect([answer.status, answer.json["errcode"]]).toEqual([404, "M_NOT_FOUND"]);
  });

  it("is 503 and not 404 on a box that is behind", async () => {
    await using api = await mediaApi({}, { isCaughtUp: () => false });
    const answer = await api.request("GET", `${LEGACY}/download/hearth.test/abc?timeout_ms=0`);
    expect(answer.status).toBe(503);
  });

  it("is 504 while no reachable box has its bytes", async () => {
    const blobs: Blobs = {
      write: async () => ({ hash: "00", sizeBytes: 1 }),
      read: async () => undefined,
    };
    await using api = await mediaApi({ blobs });
    const mxc = await upload(api, "x", "text/plain");
    const answer = await api.request("GET", `${DOWNLOAD}/${mxc}`, { as: "bob" });
    expect([answer.status, answer.json["errcode"]]).toEqual([504, "M_NOT_YET_UPLOADED"]);
  });
});

describe("an address made before its content", () => {
  async function create(api: TestApi): Promise<string> {
    const answer = await api.request("POST", "/_matrix/media/v1/create", { as: "alice" });
    return (answer.json["content_uri"] as string).slice("mxc://".length);
  }

  it("gets its content later, once, from its maker", async () => {
    await using api = await mediaApi();
    const mxc = await create(api);
    const put = async (as: string): Promise<unknown[]> => {
      const answer = await api.request("PUT", `${LEGACY}/upload/${mxc}`, { as, body: "late" });
      return [answer.status, answer.json["errcode"]];
    };
    expect(await put("bob")).toEqual([403, "M_FORBIDDEN"]);
    expect(await put("alice")).toEqual([200, undefined]);
    expect(await put("alice")).toEqual([409, "M_CANNOT_OVERWRITE_MEDIA"]);
    expect((await api.request("GET", `${LEGACY}/download/${mxc}`)).text).toBe("late");
  });

  it("makes downloads wait for the upload", async () => {
    await using api = await mediaApi();
    const mxc = await create(api);
    const download = api.request("GET", `${LEGACY}/download/${mxc}?timeout_ms=10000`);
    await api.request("PUT", `${LEGACY}/upload/${mxc}`, { as: "alice", body: "late" });
    expect((await download).text).toBe("late");
  });

  it("answers 504 M_NOT_YET_UPLOADED when the wait is over", async () => {
    await using api = await mediaApi();
    const mxc = await create(api);
    const answer = await api.request("GET", `${LEGACY}/download/${mxc}?timeout_ms=1`);
    expect([answer.status, answer.json["errcode"]]).toEqual([504, "M_NOT_YET_UPLOADED"]);
  });

  it("expires after a day", async () => {
    const clock = { ms: Date.UTC(2026, 0) };
    await using api = await mediaApi({ wallClock: () => clock.ms });
    const mxc = await create(api);
    clock.ms += 24 * 60 * 60_000 + 1000;
    const late = await api.request("PUT", `${LEGACY}/upload/${mxc}`, { as: "alice", body: "late" });
    expect([late.status, late.json["errcode"]]).toEqual([404, "M_NOT_FOUND"]);
    expect((await api.request("GET", `${LEGACY}/download/${mxc}`)).status).toBe(404);
  });

  it("is not accepted when it was never made", async () => {
    await using api = await mediaApi();
    const path = `${LEGACY}/upload/hearth.test/made-up`;
    const answer = await api.request("PUT", path, { as: "alice", body: "x" });
    expect([answer.status, answer.json["errcode"]]).toEqual([404, "M_NOT_FOUND"]);
  });
});

describe("a thumbnail", () => {
  const path = (mxc: string, query: string): string =>
    `/_matrix/client/v1/media/thumbnail/${mxc}?${query}`;

  it("is the image made smaller, yet as large as asked for", async () => {
    await using api = await mediaApi();
    const image = await sharp({ create: BLUE }).png().toBuffer();
    const mxc = await upload(api, new Uint8Array(image), "image/png");
    const url = api.url + path(mxc, "width=60&height=60&method=crop");
    const answer = await fetch(url, { headers: { authorization: "Bearer @bob:hearth.test" } });
    const { width, height } = await sharp(await answer.arrayBuffer()).metadata();
    expect([width, height]).toEqual([96, 96]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "image/jpeg",
      "content-disposition": 'inline; filename="thumbnail.jpg"',
    });
  });

  it.each([
    ["text/plain", "width=32&height=32", "M_UNKNOWN"],
    ["image/png", "width=32&height=32", "M_UNKNOWN"],
    ["image/png", "width=-1&height=32", "M_UNKNOWN"],
    ["image/png", "height=32", "M_MISSING_PARAM"],
    ["image/png", "width=x&height=32", "M_INVALID_PARAM"],
    ["image/png", "width=1&height=1&method=stretch", "M_INVALID_PARAM"],
  ])("of %s that is none, with ?%s, is refused with %s", async (type, query, errcode) => {
    await using api = await mediaApi();
    const mxc = await upload(api, "bytes", type);
    const answer = await api.request("GET", path(mxc, query), { as: "bob" });
    expect([answer.status, answer.json["errcode"]]).toEqual([400, errcode]);
  });
});
