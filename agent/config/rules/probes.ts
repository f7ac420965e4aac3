import { parseAddress, parseSubnet } from "../../estate/address.ts";
import { linkNames, peeringNames } from "../../estate/estate.ts";
import type { KeyPath } from "../error.ts";
import type { SecretReference } from "../secrets.ts";
import { type ConfigurationDraft, items, present, type Rule, type RuleContext } from "./rule.ts";

type Probe = {
  readonly technique?: string | undefined;
  readonly address?: string | undefined;
  readonly source?: string | undefined;
  readonly port?: number | undefined;
  readonly key?: SecretReference | undefined;
};

export interface ProbeList {
  readonly path: KeyPath;
  readonly probes: readonly (readonly [number, Probe & { readonly interval?: string | undefined }])[];
}

/** Every list of probes that the file writes out. */
export function probeLists(draft: ConfigurationDraft): readonly ProbeList[] {
  const ofPaths = present(draft.circuits).flatMap(([circuit, { peerings }]) =>
    peeringNames.flatMap((peering) =>
      linkNames.map((link) => ({
        path: ["circuits", circuit, "peerings", peering, "probes", link],
        probes: items(peerings?.[peering]?.probes?.[link]),
      })),
    ),
  );
  const ofPairs = present(draft.globalReach).map(([name, { probes }]) => ({
    path: ["globalReach", name, "probes"],
    probes: items(probes),
  }));
  return [...ofPaths, ...ofPairs];
}

export const probesHaveWhatTheirTechniqueNeeds: Rule = ({ draft, given, report }) => {
  for (const { path, probes } of probeLists(draft)) {
    for (const [i, probe] of probes) {
      const here = [...path, i];
      if (probe.technique === "icmp" && probe.port !== undefined) {
        report([...here, "port"], "icmp has no ports", "remove it, or use technique: stamp", "key");
      }
      if (probe.technique === "icmp" && probe.key !== undefined) {
        report([...here, "key"], "icmp has no authentication", "remove it, or use technique: stamp", "key");
      }
      // A pair's address is required by the schema; one that is written wrongly is reported there.
      if (path[0] !== "circuits" || isWritten(given, [...here, "address"])) continue;
      if (probe.technique === "stamp") {
        const fix = "add the address of a STAMP Session-Reflector behind this path";
        report([...here, "address"], "is missing: the MSEE does not answer STAMP", fix, "key");
      }
      const model = draft.circuits?.[String(path[1])]?.connectivityModel;
      if (probe.technique === "icmp" && model === "anyToAny") {
        const fix = "add an address that is reached over this path, or remove the probe";
        report([...here, "address"], "is missing: with anyToAny the MSEE has no address here", fix, "key");
      }
    }
  }
};

export const sourcesFitTheirTargets: Rule = ({ draft, report }) => {
  for (const { path, probes } of probeLists(draft)) {
    for (const [i, probe] of probes) {
      const source = parseAddress(probe.source ?? "");
      const family = targetFamily(draft, path, probe);
      if (source === undefined || family === undefined || source.family === family) continue;
      const problem = `${probe.source} is IPv${source.family}, and the target is IPv${family}`;
      report([...path, i, "source"], problem, `write an IPv${family} address of this host, or remove it`);
    }
  }
};

function targetFamily(draft: ConfigurationDraft, path: KeyPath, probe: Probe): 4 | 6 | undefined {
  if (probe.address !== undefined) return parseAddress(probe.address)?.family;
  const [, circuit, , peering, , link] = path;
  const subnets = draft.circuits?.[String(circuit)]?.peerings?.[peering as "azurePrivate"]?.subnets;
  const parsed = parseSubnet(subnets?.[link as "primary"] ?? "");
  return parsed.ok ? parsed.value.family : undefined;
}

function isWritten(given: RuleContext["given"], path: KeyPath): boolean {
  let value = given;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return false;
    value = (value as Record<string | number, unknown>)[part];
  }
  return true;
}
