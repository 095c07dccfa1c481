import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import {
  privateKeyFromSeed,
  publicKeyOf,
  signText,
  verifyText,
} from "../../../core/event/ed25519.ts";
import { unpaddedBase64 } from "../../../core/event/hash.ts";
import type { DraftPdu } from "../../../core/event/pdu.ts";
import {
  countersignEvent,
  isSignedJson,
  signEvent,
  signingKey,
  signJson,
} from "../../../core/event/sign.ts";
import type { ServerName } from "../../../core/ids.ts";
import { roomVersion } from "../../../core/room-version/table.ts";

/** https://spec.matrix.org/v1.19/appendices/#cryptographic-test-vectors */
const SEED = Buffer.from("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1", "base64");
const KEY = signingKey("domain" as ServerName, "ed25519:1", SEED);
const PUBLIC = unpaddedBase64(publicKeyOf(KEY.privateKey));

describe("signing JSON", () => {
  test("makes the specification's signature of an empty object", () => {
    expect(signJson({}, KEY).signatures).toEqual({
      domain: {
        "ed25519:1":
          "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ",
      },
    });
  });

  test("makes the specification's signature of an object with data", () => {
    expect(signJson({ one: 1, two: "Two" }, KEY)).toEqual({
      one: 1,
      two: "Two",
      signatures: {
        domain: {
          "ed25519:1":
            "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
        },
      },
    });
  });

  test("keeps the signatures of others and covers neither them nor unsigned", () => {
    const other = signingKey("other" as ServerName, "ed25519:x", Buffer.alloc(32, 7));
    const once = signJson({ a: 1, unsigned: { age: 1 } }, KEY);
    const twice = signJson({ ...once, unsigned: { age: 2 } }, other);
    expect(Object.keys(twice.signatures)).toEqual(["domain", "other"]);
    expect(twice.unsigned).toEqual({ age: 2 });
    expect(isSignedJson(twice, "domain", "ed25519:1", PUBLIC)).toBe(true);
  });

  test.each([
    ["a changed value", (signed: object) => ({ ...signed, a: 2 }), PUBLIC],
    ["another key", (signed: object) => signed, unpaddedBase64(Buffer.alloc(32, 9))],
    ["something that is no key", (signed: object) => signed, "short"],
    ["no signatures", () => ({ a: 1 }), PUBLIC],
    ["signatures of a wrong type", () => ({ a: 1, signatures: { domain: [1] } }), PUBLIC],
    [
      "a signature of a wrong length",
      () => ({ a: 1, signatures: { domain: { "ed25519:1": "AAAA" } } }),
      PUBLIC,
    ],
  ])("does not take %s for signed", (_, change, publicKey) => {
    const changed = change(signJson({ a: 1 }, KEY)) as { a: number };
    expect(isSignedJson(changed, "domain", "ed25519:1", publicKey)).toBe(false);
  });

  test("reads signatures and keys with padding too", () => {
    const signed = signJson({ a: 1 }, KEY);
    const padded = `${signed.signatures["domain"]?.["ed25519:1"]}==`;
    const value = { a: 1, signatures: { domain: { "ed25519:1": padded } } };
    expect(isSignedJson(value, "domain", "ed25519:1", `${PUBLIC}=`)).toBe(true);
  });

  test("makes the same keys and signatures as tweetnacl, and each verifies the other's", () => {
    for (let round = 0; round < 20; round++) {
      const seed = nacl.hash(Buffer.from([round])).subarray(0, 32);
      const pair = nacl.sign.keyPair.fromSeed(seed);
      const key = privateKeyFromSeed(seed);
      const text = `message ${round}`;
      const signature = signText(text, key);
      expect(Buffer.from(publicKeyOf(key))).toEqual(Buffer.from(pair.publicKey));
      expect(nacl.sign.detached.verify(Buffer.from(text), signature, pair.publicKey)).toBe(true);
      const theirs = unpaddedBase64(nacl.sign.detached(Buffer.from(text), pair.secretKey));
      expect(theirs).toBe(unpaddedBase64(signature));
      expect(verifyText(text, unpaddedBase64(pair.publicKey), theirs)).toBe(true);
      expect(verifyText(`${text}!`, unpaddedBase64(pair.publicKey), theirs)).toBe(false);
    }
  });
});

describe("signing events", () => {
  const v1 = roomVersion("1");

  test("makes the specification's hash and signature of a minimal event", () => {
    const event = {
      room_id: "!x:domain",
      sender: "@a:domain",
      origin: "domain",
      origin_server_ts: 1_000_000,
      signatures: {},
      hashes: {},
      type: "X",
      content: {},
      prev_events: [],
      auth_events: [],
      depth: 3,
      unsigned: { age_ts: 1_000_000 },
    };
    const signed = signEvent(v1, event as unknown as DraftPdu, KEY);
    expect(signed.hashes.sha256).toBe("5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos");
    expect(signed.signatures).toEqual({
      domain: {
        "ed25519:1":
          "KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg",
      },
    });
  });

  test("makes the specification's hash and signature of an event with content to redact", () => {
    const event = {
      content: { body: "Here is the message content" },
      event_id: "$0:domain",
      origin: "domain",
      origin_server_ts: 1_000_000,
      type: "m.room.message",
      room_id: "!r:domain",
      sender: "@u:domain",
      signatures: {},
      unsigned: { age_ts: 1_000_000 },
    };
    const signed = signEvent(v1, event as unknown as DraftPdu, KEY);
    expect(signed.hashes.sha256).toBe("onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g");
    expect(signed.signatures).toEqual({
      domain: {
        "ed25519:1":
          "Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA",
      },
    });
    expect(signed.content).toEqual(event.content);
  });

  test("a second server's signature stands beside the first and changes nothing else", () => {
    const draft = { type: "X", sender: "@a:domain", content: {}, depth: 1 } as unknown as DraftPdu;
    const once = signEvent(roomVersion("12"), draft, KEY);
    const other = signingKey("other" as ServerName, "ed25519:x", Buffer.alloc(32, 7));
    const twice = countersignEvent(roomVersion("12"), once, other);
    expect(twice).toEqual({
      ...once,
      signatures: { ...once.signatures, other: { "ed25519:x": expect.any(String) as string } },
    });
  });
});
