import { describe, expect, it } from "vitest";
import { errorsOf, estateOf, estateYaml } from "./estate-yaml.ts";

const of = (low: number) => 12076 * 65_536 + low;

const estateText = (peering: string, services = "") =>
  estateYaml.replace(
    "        customerAsn: 65551\n",
    (line) => `${line}${peering === "" ? "" : `        ${peering}\n`}`,
  ) + (services === "" ? "" : `services:\n${services}`);
const service = (name: string, more: string, host = "10.60.2.4") =>
  `  ${name}: { circuit: ams-1, ${more}, checks: [{ technique: tcp, host: ${host}, port: 443 }] }\n`;

const peeringOf = (text: string, of: "azurePrivate" | "microsoft") =>
  estateOf(text)
    .circuits.get("ams-1")
    ?.peerings.find(({ name }) => name === of)?.communities;

describe("communities", () => {
  it("are none where none are written", () => {
    expect(peeringOf(estateYaml, "microsoft")).toEqual([]);
  });

  it("that both links are to announce are those of the peering and of its services, each once", () => {
    const text = estateText(
      'communities: [teams, azureStorage/westeurope, "12076:5010"]',
      service("mail", "peering: microsoft, communities: [exchangeOnline]") +
        service("files", "peering: microsoft, communities: [sharePointOnline]") +
        service("orders", "peering: azurePrivate, communities: [virtualNetwork/westeurope, 12076:20001]"),
    );
    expect(peeringOf(text, "microsoft")).toEqual([of(5010), of(5020), of(5030), of(52_002)]);
    expect(peeringOf(text, "azurePrivate")).toEqual([of(20_001), of(50_002)]);
  });

  it("of a service are guessed by its hosts, which makes nothing expected", () => {
    const text = estateText(
      "",
      service("mail", "peering: microsoft", "outlook.office365.com") +
        service("none", "peering: microsoft, communities: []", "outlook.office365.com") +
        service("inside", "peering: azurePrivate", "outlook.office365.com"),
    );
    expect(estateOf(text).services.map(({ communities }) => communities)).toEqual([[of(5010)], [], []]);
    expect(peeringOf(text, "microsoft")).toEqual([]);
  });

  it.each([
    ["exchangOnline", /did you mean exchangeOnline\?/],
    ["outlook", /"outlook" is no community of Microsoft's that is known by this name; write it as a number/],
    ["12076:70000", /no community of Microsoft's/],
    ["8075:5010", /no community of Microsoft's/],
    ["virtualNetwork/westeurope", /is announced over azurePrivate, never over microsoft; .*under azurePrivate/],
  ])("%s are refused", (text, error) => {
    expect(errorsOf(estateText(`communities: ["${text}"]`))).toEqual([expect.stringMatching(error)]);
    const ofService = estateText("", service("mail", `peering: microsoft, communities: ["${text}"]`));
    expect(errorsOf(ofService)).toEqual([expect.stringMatching(error)]);
  });
});
