import { describe, expect, it } from "vitest";
import { edited, errorsOf, estateOf, estateYaml } from "./estate-yaml.ts";

const withBmp = (text: string) => edited(["site: ams\nsnmp:", `site: ams\nbmp: ${text}\nsnmp:`]);

const bmpOf = (text: string) => estateOf(text).bmp;

describe("BMP", () => {
  it("is heard nowhere when the file says nothing", () => {
    expect(bmpOf(estateYaml)).toBeUndefined();
  });

  it("is taken from every router when the file names none, from its addresses", () => {
    const bmp = bmpOf(withBmp('{ listen: "[::]:11019" }'));
    expect(bmp).toMatchObject({ listen: { host: "::", port: 11_019 }, isNamed: false, routes: 100_000 });
    expect(bmp?.routers.find(({ router }) => router === "ams-ce1")).toEqual({
      router: "ams-ce1",
      addresses: ["192.0.2.11"],
    });
    expect(bmp?.routers.length).toBeGreaterThan(2);
  });

  it("is taken from those that the file names, from their further addresses too", () => {
    const bmp = bmpOf(
      withBmp(
        '{ listen: 0.0.0.0:11019, routes: 5000, routers: { ams-ce2: { addresses: [198.51.100.5, "2001:DB8::5"] } } }',
      ),
    );
    expect(bmp).toMatchObject({
      isNamed: true,
      routes: 5_000,
      routers: [{ router: "ams-ce2", addresses: ["192.0.2.12", "198.51.100.5", "2001:db8::5"] }],
    });
  });

  it.each([
    [
      "{ listen: 0.0.0.0:11019, routers: { ams-ce9: {} } }",
      /"ams-ce9" is not defined under routers; did you mean ams-ce1/,
    ],
    [
      "{ listen: 0.0.0.0:11019, routers: { ams-ce1: { addresses: [192.0.2.12] }, ams-ce2: {} } }",
      /192\.0\.2\.12 is also an address of ams-ce2; a connection is known by its source/,
    ],
    ["{ listen: 0.0.0.0:11019, routes: 10 }", /10 is not a number of routes/],
    ["{ routers: {} }", /listen/],
    ["{ listen: 0.0.0.0:11019, routers: { ams-ce1: { addresses: [ce1] } } }", /bmp\.routers\.ams-ce1\.addresses\[0\]/],
  ])("%s is refused", (text, message) => {
    expect(errorsOf(withBmp(text)).join("\n")).toMatch(message);
  });

  it("cannot tell two routers at one address apart, and says so", () => {
    const shared = withBmp("{ listen: 0.0.0.0:11019 }").replace(
      "address: 192.0.2.12, credentials",
      "address: 192.0.2.11, port: 1161, credentials",
    );
    expect(errorsOf(shared).join("\n")).toMatch(
      /192\.0\.2\.11 is also the address of ams-ce1, and BMP connections are known/,
    );
  });
});
