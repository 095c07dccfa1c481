import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeParcels, ParcelDecoder, type Parcel } from "../../../mesh/transport/parcel.ts";
import { bytes } from "./support.ts";

describe("parcels", () => {
  test("come out as they went in, however the bytes are cut", () => {
    const parcel = fc.record({
      kind: fc.integer({ min: 0, max: 255 }),
      body: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(parcel), fc.integer({ min: 1, max: 17 }), (parcels, step) => {
        const wire = encodeParcels(parcels);
        const decoder = new ParcelDecoder(40);
        const out: Parcel[] = [];
        for (let offset = 0; offset < wire.length; offset += step) {
          out.push(...decoder.push(wire.subarray(offset, offset + step)));
        }
        expect(out).toEqual(parcels);
        expect(decoder.atBoundary).toBe(true);
      }),
    );
  });

  test("over the limit are refused before their body is held", () => {
    const wire = encodeParcels([{ kind: 1, body: bytes("12345") }]);
    const header = wire.subarray(0, 5);
    expect(() => [...new ParcelDecoder(4).push(header)]).toThrow(
      expect.objectContaining({ code: "protocol" }),
    );
    expect([...new ParcelDecoder(5).push(wire)]).toHaveLength(1);
  });

  test("that are cut short leave the decoder inside a parcel", () => {
    const decoder = new ParcelDecoder(10);
    const wire = encodeParcels([{ kind: 1, body: bytes("abc") }]);
    expect([...decoder.push(wire.subarray(0, -1))]).toEqual([]);
    expect(decoder.atBoundary).toBe(false);
  });
});
