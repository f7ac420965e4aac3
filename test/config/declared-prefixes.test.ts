import { describe, expect, it } from "vitest";
import { formatSubnet } from "../../agent/estate/address.ts";
import { pathsOf } from "../../agent/estate/estate.ts";
import { edited, errorsOf, estateOf, estateYaml } from "./estate-yaml.ts";

const vlan = "        vlan: 100\n";
const declaring = (text: string) => edited([vlan, `${vlan}        prefixes: ${text}\n`]);

function declaredOf(text: string) {
  const paths = pathsOf(estateOf(text)).filter(
    ({ circuit, peering }) => circuit === "ams-1" && peering === "azurePrivate",
  );
  return paths.map(({ declared }) => declared);
}

describe("declared prefixes", () => {
  it("are none where the file says nothing", () => {
    expect(declaredOf(estateYaml)).toEqual([undefined, undefined]);
  });

  it("are those of both paths, each once, of both families, and the default route too", () => {
    const text = "{ received: [10.60.0.0/16, 2001:DB8:60::/48, 2001:db8:60::/48], advertised: [0.0.0.0/0, ::/0] }";
    const [primary, secondary] = declaredOf(declaring(text));
    expect(secondary).toEqual(primary);
    expect(primary?.received.map(formatSubnet)).toEqual(["10.60.0.0/16", "2001:db8:60::/48"]);
    expect(primary?.advertised.map(formatSubnet)).toEqual(["0.0.0.0/0", "::/0"]);
    expect(primary?.use).toBe("activeActive");
    expect(declaredOf(declaring("{ use: activePassive }"))[0]).toEqual({
      received: [],
      advertised: [],
      use: "activePassive",
    });
  });

  it.each([
    [
      "{ received: [10.60.0.1/16] }",
      /"10.60.0.1\/16" has host bits set; the network that contains it is 10.60.0.0\/16/,
    ],
    ["{ received: [10.60.0.0] }", /has no length; write 10.60.0.0\/32/],
    ["{ advertised: [0.0.0.0/33] }", /is not a subnet/],
    ["{ use: both }", /use: .*"both" is not a use of the paths/],
    ["{ sent: [] }", /sent: /],
  ])("%s is refused", (text, message) => {
    const errors = errorsOf(declaring(text));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(message);
  });
});
