import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pack, packedText } from "../../agent/export/packed-text.ts";

const texts = fc.array(fc.tuple(fc.uint8Array({ maxLength: 3_000 }), fc.boolean()), { maxLength: 8 });

describe("a packed text", () => {
  it("is what was packed, plain and as one gzip member, whatever its pieces", () => {
    fc.assert(
      fc.property(texts, (pieces) => {
        const all = Buffer.concat(pieces.map(([octets]) => octets));
        const packed = packedText(pieces.map(([octets, isPacked]) => (isPacked ? pack(octets) : octets)));
        const zipped = Buffer.concat([...packed.gzip()]);
        expect(Buffer.concat([...packed.plain()]).equals(all)).toBe(true);
        // It checks the length and the CRC, and would go on with a second member.
        expect(gunzipSync(zipped).equals(all)).toBe(true);
        expect(packed.length).toBe(all.length);
      }),
    );
  });

  it("of a scrape's lines is a tenth or less of them", () => {
    const line = (i: number) => `expressroute_path_up{circuit="ams-${i}",peering="azurePrivate",link="primary"} 1\n`;
    const text = Buffer.from(Array.from({ length: 5_000 }, (_, i) => line(i)).join(""));
    expect(pack(text).deflated.length * 10).toBeLessThan(text.length);
  });
});
