import { parseAddress, parseSubnet } from "../../estate/address.ts";
import { linkNames, peeringNames } from "../../estate/estate.ts";
import type { KeyPath } from "../error.ts";
import type { SecretReference } from "../secrets.ts";
import { type ConfigurationDraft, isWritten, items, present, type Rule } from "./rule.ts";

type Probe = {
  readonly technique?: string | undefined;
  readonly address?: string | undefined;
  readonly source?: string | undefined;
  readonly port?: number | undefined;
  readonly key?: SecretReference | undefined;
  readonly interface?: string | undefined;
  readonly size?: number | undefined;
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
      if (probe.key !== undefined && probe.size !== undefined) {
        report([...here, "size"], "an authenticated STAMP packet has 112 octets", "remove size, or key", "key");
      }
      if (probe.technique === "stamp" && probe.size !== undefined && !stampSizes(probe.size)) {
        const problem = `${probe.size} octets cannot be the size of a STAMP packet`;
        report([...here, "size"], problem, "write 44, or 48 or more: padding has a head of four octets (RFC 8972)");
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

export const linkLocalTargetsHaveAnInterface: Rule = ({ draft, report }) => {
  for (const { path, probes } of probeLists(draft)) {
    for (const [i, { address, interface: name }] of probes) {
      if (name !== undefined || !isLinkLocal(address ?? "")) continue;
      const fix = "add the interface of this host behind which it is";
      report([...path, i, "interface"], `is missing: ${address} is a link-local address`, fix, "key");
    }
  }
};

function isLinkLocal(text: string): boolean {
  const parsed = parseAddress(text);
  return parsed?.family === 6 && parsed.value >> 118n === 0xfe80n >> 6n;
}

/** 44 octets, or the head of a TLV and what it says (RFC 8972 section 4). */
function stampSizes(size: number): boolean {
  return size === 44 || size >= 48;
}

function targetFamily(draft: ConfigurationDraft, path: KeyPath, probe: Probe): 4 | 6 | undefined {
  if (probe.address !== undefined) return parseAddress(probe.address)?.family;
  const [, circuit, , peering, , link] = path;
  const subnets = draft.circuits?.[String(circuit)]?.peerings?.[peering as "azurePrivate"]?.subnets;
  const parsed = parseSubnet(subnets?.[link as "primary"] ?? "");
  return parsed.ok ? parsed.value.family : undefined;
}
