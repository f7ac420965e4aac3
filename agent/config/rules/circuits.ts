import { linkNames, peeringNames } from "../../estate/estate.ts";
import { oneOf, quote } from "../error.ts";
import { formatSpeed, parseSpeed } from "../values.ts";
import { choose, isDefined, namesUnder, notDefined, present, type Rule } from "./rule.ts";

/** What Azure sells, in bits per second. */
const providerSpeeds = [50e6, 100e6, 200e6, 500e6, 1e9, 2e9, 5e9, 10e9];
const directSpeeds = [1e9, 2e9, 5e9, 10e9, 40e9, 100e9];

export const linksEndOnDefinedRouters: Rule = ({ draft, given, report }) => {
  const routers = namesUnder(given, ["routers"]);
  if (routers === undefined) return;
  for (const [name, circuit] of present(draft.circuits)) {
    for (const link of linkNames) {
      const router = circuit.links?.[link]?.router;
      if (router === undefined || isDefined(router, routers)) continue;
      const path = ["circuits", name, "links", link, "router"];
      report(path, notDefined(router, "routers"), choose(router, routers, "routers"));
    }
  }
};

export const linksAreApart: Rule = ({ draft, report }) => {
  for (const [name, { links }] of present(draft.circuits)) {
    const [a, b] = [links?.primary, links?.secondary];
    if (a?.router === undefined || a.interface === undefined) continue;
    if (a.router === b?.router && a.interface === b.interface) {
      const problem = `${quote(a.interface)} on ${a.router} is the primary link already, and one interface cannot be both`;
      const fix = "name the router and interface on which the secondary link ends";
      report(["circuits", name, "links", "secondary", "interface"], problem, fix);
    } else if (a.router === b?.router && a.providerEdge?.address !== undefined) {
      if (a.providerEdge.address !== b.providerEdge?.address) continue;
      const problem = `${a.router} has one session with ${a.providerEdge.address}, and the primary link is it already`;
      const fix = "name the other provider edge or router of the secondary link";
      report(["circuits", name, "links", "secondary", "providerEdge", "address"], problem, fix);
    }
  }
};

export const providerEdgeFitsTheModel: Rule = ({ draft, given, report }) => {
  for (const [name, circuit] of present(draft.circuits)) {
    const model = circuit.connectivityModel;
    if (model === undefined || circuit.links === undefined) continue;
    for (const link of linkNames) {
      const path = ["circuits", name, "links", link];
      const written = namesUnder(given, path);
      if (written === undefined) continue;
      const edge = written.includes("providerEdge");
      if (model === "anyToAny" && !edge) {
        const fix = 'add for example "providerEdge: { address: 198.51.100.1, asn: 64999 }"';
        report([...path, "providerEdge"], "is missing: with anyToAny the router peers with the provider", fix, "key");
      }
      if (model !== "anyToAny" && edge) {
        const fix = "remove it, or set connectivityModel: anyToAny";
        report([...path, "providerEdge"], `with ${model} the router peers with the MSEE itself`, fix, "key");
      }
    }
  }
};

export const subnetsAreThere: Rule = ({ draft, given, report }) => {
  for (const [name, circuit] of present(draft.circuits)) {
    if (circuit.connectivityModel === undefined || circuit.connectivityModel === "anyToAny") continue;
    for (const peering of peeringNames) {
      const path = ["circuits", name, "peerings", peering];
      const written = namesUnder(given, path);
      if (written === undefined || written.includes("subnets")) continue;
      const fix = 'add for example "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }"';
      report([...path, "subnets"], "is missing", fix, "key");
    }
  }
};

export const peeringsAreThere: Rule = ({ draft, given, report }) => {
  for (const [name] of present(draft.circuits)) {
    const path = ["circuits", name, "peerings"];
    if (namesUnder(given, path)?.length === 0) report(path, "names no peering", `add ${oneOf(peeringNames)}`, "key");
  }
};

export const bandwidthsAreSold: Rule = ({ draft, report }) => {
  for (const [name, { bandwidth, connectivityModel }] of present(draft.circuits)) {
    const speed = parseSpeed(bandwidth ?? "");
    if (speed === undefined || connectivityModel === undefined) continue;
    const sold = connectivityModel === "direct" ? directSpeeds : providerSpeeds;
    if (sold.includes(speed)) continue;
    const whose = connectivityModel === "direct" ? "ExpressRoute Direct" : connectivityModel;
    const problem = `${bandwidth} is no bandwidth of an ${whose} circuit`;
    const text = connectivityModel === "direct" ? problem : problem.replace("an c", "a c").replace("an p", "a p");
    report(["circuits", name, "bandwidth"], text, `use ${oneOf(sold.map(formatSpeed))}`);
  }
};

export const vlansDiffer: Rule = ({ draft, report }) => {
  for (const [name, { peerings }] of present(draft.circuits)) {
    const vlan = peerings?.microsoft?.vlan;
    if (vlan === undefined || vlan !== peerings?.azurePrivate?.vlan) continue;
    const path = ["circuits", name, "peerings", "microsoft", "vlan"];
    report(path, `${vlan} is the VLAN of azurePrivate already`, "each peering of a circuit has a VLAN of its own");
  }
};

export const serviceKeysDiffer: Rule = ({ draft, report }) => {
  const seen = new Map<string, string>();
  for (const [name, { serviceKey }] of present(draft.circuits)) {
    const key = serviceKey?.toLowerCase();
    if (key === undefined) continue;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, name);
    else
      report(
        ["circuits", name, "serviceKey"],
        `is the service key of ${first} too`,
        "each circuit has a key of its own",
      );
  }
};

/** Microsoft takes a private ASN here, once it has validated it by hand, but none of those kept for documents. */
export const microsoftHasNoDocumentAsn: Rule = ({ draft, report }) => {
  for (const [name, { peerings }] of present(draft.circuits)) {
    const asn = peerings?.microsoft?.customerAsn;
    if (asn === undefined || asn < 64_496 || asn > 64_511) continue;
    report(
      ["circuits", name, "peerings", "microsoft", "customerAsn"],
      `${asn} is an ASN for documents (RFC 5398), which microsoft peering does not take`,
      "write the ASN that Azure has for it",
    );
  }
};
