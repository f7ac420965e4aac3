// Values and names as Microsoft's page on ExpressRoute's routing requirements has them.

import { describe, expect, it } from "vitest";
import {
  communitiesOfHost,
  communityNames,
  isMicrosofts,
  namedCommunities,
  nameOfCommunity,
  parseCommunity,
  peeringOfCommunity,
} from "../../agent/estate/communities.ts";

const of = (low: number) => 12076 * 65_536 + low;

describe("Microsoft's communities", () => {
  it.each([
    [5010, "exchangeOnline", "", "Exchange Online (12076:5010)"],
    [5020, "sharePointOnline", "", "SharePoint Online (12076:5020)"],
    [5030, "teams", "", "Teams (12076:5030)"],
    [5060, "entraId", "", "Entra ID (12076:5060)"],
    [50_002, "virtualNetwork", "westeurope", "virtual networks in westeurope (12076:50002)"],
    [51_004, "azure", "eastus", "Azure services in eastus (12076:51004)"],
    [52_002, "azureStorage", "westeurope", "Azure Storage in westeurope (12076:52002)"],
    [55_059, "azureBackup", "newzealandnorth", "Azure Backup in newzealandnorth (12076:55059)"],
    // A region and a service that came after the catalogue.
    [52_099, "azureStorage", "099", "Azure Storage in 099 (12076:52099)"],
    [20_001, "12076:20001", "", "12076:20001"],
    [0, "12076:0", "", "12076:0"],
  ])("12076:%i is %s %s", (low, service, region, words) => {
    expect(nameOfCommunity(of(low))).toEqual({ service, region, words });
  });

  it("are read by the names that they are written with, and by number", () => {
    expect(parseCommunity("exchangeOnline")).toBe(of(5010));
    expect(parseCommunity("azureStorage/westeurope")).toBe(of(52_002));
    expect(parseCommunity("12076:65535")).toBe(of(65_535));
    expect(communityNames.map((name) => parseCommunity(name))).toEqual(namedCommunities);
    for (const text of [
      "",
      "exchange",
      "azureStorage",
      "azureStorage/",
      "12076:65536",
      "8075:5010",
      "12076:-1",
      "toString",
    ])
      expect(parseCommunity(text)).toBeUndefined();
  });

  it("are told from everybody else's, the highest bit included", () => {
    expect(isMicrosofts(of(5010))).toBe(true);
    expect([65_010 * 65_536 + 5_010, 0xffff_ff01, 0].map(isMicrosofts)).toEqual([false, false, false]);
  });

  it("belong to one peering, unless somebody else chose the number", () => {
    expect([5010, 51_002, 50_002, 20_001].map((low) => peeringOfCommunity(of(low)))).toEqual([
      "microsoft",
      "microsoft",
      "azurePrivate",
      undefined,
    ]);
  });

  it("are guessed of a host's name, and never of one that only looks like it", () => {
    expect(communitiesOfHost("Outlook.Office365.com")).toEqual([of(5010)]);
    expect(communitiesOfHost("contoso.sharepoint.com")).toEqual([of(5020)]);
    expect(communitiesOfHost("notsharepoint.com")).toEqual([]);
    expect(communitiesOfHost("outlook.office365.com.example.com")).toEqual([]);
  });
});
