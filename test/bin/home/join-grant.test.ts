import nacl from "tweetnacl";
import { expect, it } from "vitest";
import type { JoinGrant } from "../../../bin/home/join-grant.ts";
import { decodeJoinGrant, encodeJoinGrant } from "../../../bin/home/join-grant.ts";
import { newSecrets } from "../../../bin/home/secrets.ts";
import type { BoxId, ServerName } from "../../../core/ids.ts";

const { meshPsk, tokenSecret, signingKey } = newSecrets((length) => nacl.randomBytes(length));
const grant: JoinGrant = {
  serverName: "example.org" as ServerName,
  secrets: { meshPsk, tokenSecret, signingKey },
  members: [
    { box: "aaaaaaaa" as BoxId, name: "kitchen", peerId: "12D3", addresses: ["127.0.0.1:8009"] },
  ],
};

function tampered(change: (body: Record<string, unknown>) => void): Uint8Array {
  const body = JSON.parse(new TextDecoder().decode(encodeJoinGrant(grant))) as Record<
    string,
    unknown
  >;
  change(body);
  return new TextEncoder().encode(JSON.stringify(body));
}

it("survives the way to the new box", () => {
  expect(decodeJoinGrant(encodeJoinGrant(grant))).toEqual(grant);
});

it("never carries the seed of the box that gives it", () => {
  expect(new TextDecoder().decode(encodeJoinGrant(grant))).not.toContain("box_seed");
});

it.each([
  ["another version", (body: Record<string, unknown>) => (body["version"] = 2)],
  ["a bad server name", (body: Record<string, unknown>) => (body["server_name"] = "a b")],
  ["no secrets", (body: Record<string, unknown>) => delete body["secrets"]],
  ["members that are no list", (body: Record<string, unknown>) => (body["members"] = {})],
  ["a member without a box ID", (body: Record<string, unknown>) => (body["members"] = [{}])],
])("is refused with %s", (_what, change) => {
  expect(decodeJoinGrant(tampered(change))).toBeUndefined();
});

it("is refused when the bytes are no JSON", () => {
  expect(decodeJoinGrant(Uint8Array.of(0xff, 0xfe))).toBeUndefined();
});
