// The BGP communities (RFC 1997) that Microsoft sets on what it announces over ExpressRoute, as its routing requirements list them:
// 12076 and five digits say a class and a region, 12076 and four digits a service that has no region.

import { microsoftAsn } from "./estate.ts";

interface Named {
  /** In configuration and labels. */
  readonly name: string;
  readonly words: string;
}

/** `hosts`: names of that service, and of what is below them. A check of one of them is a check of the service. */
const services: Readonly<Record<number, Named & { readonly hosts?: readonly string[] }>> = {
  5010: {
    name: "exchangeOnline",
    words: "Exchange Online",
    hosts: ["outlook.office.com", "outlook.office365.com", "outlook.cloud.microsoft", "smtp.office365.com"],
  },
  5020: { name: "sharePointOnline", words: "SharePoint Online", hosts: ["sharepoint.com"] },
  5030: { name: "teams", words: "Teams", hosts: ["teams.microsoft.com", "teams.cloud.microsoft"] },
  // Version 8.2 and older; later ones have the community of their region.
  5040: { name: "dynamics365Old", words: "Dynamics 365 (8.2 and older)" },
  5050: { name: "azureDevOps", words: "Azure DevOps", hosts: ["dev.azure.com", "visualstudio.com"] },
  5060: { name: "entraId", words: "Entra ID", hosts: ["login.microsoftonline.com", "login.microsoft.com"] },
  5070: { name: "azureResourceManager", words: "Azure Resource Manager", hosts: ["management.azure.com"] },
  5100: { name: "otherOffice365", words: "other Office 365 services" },
  5220: { name: "defenderForIdentity", words: "Defender for Identity" },
  5250: { name: "pstn", words: "PSTN services" },
};

/** By the two digits before the region's. */
const classes: Readonly<Record<number, Named>> = {
  50: { name: "virtualNetwork", words: "virtual networks" },
  51: { name: "azure", words: "Azure services" },
  52: { name: "azureStorage", words: "Azure Storage" },
  53: { name: "azureSql", words: "Azure SQL" },
  54: { name: "azureCosmosDb", words: "Azure Cosmos DB" },
  55: { name: "azureBackup", words: "Azure Backup" },
};
const privateClass = 50;

/** By their last three digits, under the names that Azure's tools have for them. */
const regions: Readonly<Record<number, string>> = {
  2: "westeurope",
  3: "northeurope",
  4: "eastus",
  5: "eastus2",
  6: "westus",
  7: "northcentralus",
  8: "southcentralus",
  9: "centralus",
  10: "eastasia",
  11: "southeastasia",
  12: "japaneast",
  13: "japanwest",
  14: "brazilsouth",
  15: "australiaeast",
  16: "australiasoutheast",
  17: "centralindia",
  18: "westindia",
  19: "southindia",
  20: "canadacentral",
  21: "canadaeast",
  24: "uksouth",
  25: "ukwest",
  26: "westus2",
  27: "westcentralus",
  28: "koreasouth",
  29: "koreacentral",
  30: "francecentral",
  31: "francesouth",
  32: "australiacentral",
  33: "australiacentral2",
  34: "southafricanorth",
  35: "southafricawest",
  36: "uaenorth",
  37: "uaecentral",
  38: "switzerlandnorth",
  39: "switzerlandwest",
  40: "germanynorth",
  41: "germanywestcentral",
  42: "norwayeast",
  43: "norwaywest",
  44: "westus3",
  59: "newzealandnorth",
};

/** 32 bits, as BGP has it. */
export type Community = number;

export interface CommunityName {
  /** A service or class of the catalogue; `12076:N` where it has none of that number. */
  readonly service: string;
  /** Empty where it is of no region; three digits where the catalogue has none of that number. */
  readonly region: string;
  /** `Azure Storage in westeurope (12076:52002)`. */
  readonly words: string;
}

const base = microsoftAsn * 0x1_0000;

export const isMicrosofts = (community: Community) => community >>> 16 === microsoftAsn;

export function nameOfCommunity(community: Community): CommunityName {
  const text = `${community >>> 16}:${community & 0xffff}`;
  const number = community & 0xffff;
  const service = services[number];
  if (service !== undefined) return { service: service.name, region: "", words: `${service.words} (${text})` };
  const of = classes[Math.floor(number / 1_000)];
  if (of === undefined) return { service: text, region: "", words: text };
  const region = regions[number % 1_000] ?? String(number % 1_000).padStart(3, "0");
  return { service: of.name, region, words: `${of.words} in ${region} (${text})` };
}

/** Every community that has a name, ascending. */
export const namedCommunities: readonly Community[] = [
  ...Object.keys(services).map(Number),
  ...Object.keys(classes).flatMap((of) => Object.keys(regions).map((region) => Number(of) * 1_000 + Number(region))),
]
  .toSorted((a, b) => a - b)
  .map((number) => base + number);

const named = new Set(namedCommunities);
export const isNamed = (community: Community) => named.has(community);

const byName = new Map(
  namedCommunities.map((community) => {
    const { service, region } = nameOfCommunity(community);
    return [region === "" ? service : `${service}/${region}`, community];
  }),
);

/** Names that `parseCommunity` reads. */
export const communityNames: readonly string[] = [...byName.keys()];

/** Reads `exchangeOnline`, `azureStorage/westeurope` or `12076:5010`; undefined: none of Microsoft's. */
export function parseCommunity(text: string): Community | undefined {
  const [, number] = /^12076:(\d{1,5})$/.exec(text) ?? [];
  if (number === undefined) return byName.get(text);
  return Number(number) <= 0xffff ? base + Number(number) : undefined;
}

/** The peering that such routes come over; undefined: either, as for those that somebody chose for a virtual network. */
export function peeringOfCommunity(community: Community): "azurePrivate" | "microsoft" | undefined {
  const number = community & 0xffff;
  const of = Math.floor(number / 1_000);
  if (of === privateClass) return "azurePrivate";
  return number in services || of in classes ? "microsoft" : undefined;
}

/** The communities of the service that a host name belongs to. */
export function communitiesOfHost(host: string): readonly Community[] {
  const name = host.toLowerCase();
  return Object.entries(services).flatMap(([number, { hosts = [] }]) =>
    hosts.some((of) => name === of || name.endsWith(`.${of}`)) ? [base + Number(number)] : [],
  );
}
