// Microsoft's BGP communities, as the configuration file says them.

import { communityNames, parseCommunity } from "../estate/communities.ts";
import { nearest, quote } from "./error.ts";
import { list, text } from "./keys.ts";

const community = text({
  is: "A community by its name (of a region: azureStorage/westeurope; Dynamics 365 has that of its region, azure/westeurope), or as 12076:5010.",
  type: "a community of Microsoft's",
  examples: ["exchangeOnline", "azureStorage/westeurope", "12076:5010"],
  wrong(value) {
    if (parseCommunity(value) !== undefined) return undefined;
    const near = nearest(value, communityNames);
    const fix = near === undefined ? "write it as a number, such as 12076:5010" : `did you mean ${near}?`;
    return { problem: `${quote(value)} is no community of Microsoft's that is known by this name`, fix };
  },
});

export const communities = (is: string) =>
  list(community, { is, examples: ["[exchangeOnline, azureStorage/westeurope]"], json: { maxItems: 64 } }).optional();
