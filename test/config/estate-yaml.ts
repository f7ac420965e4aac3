// A small valid file, and what the parser says when a part of it is replaced.

import { formatConfigError } from "../../agent/config/error.ts";
import { parseConfig } from "../../agent/config/load.ts";
import type { SecretSources } from "../../agent/config/secrets.ts";
import type { Estate } from "../../agent/estate/estate.ts";
import { err, ok } from "../../agent/lib/result.ts";

export const estateYaml = `site: ams
snmp:
  credentials:
    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }
routers:
  ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }
  ams-ce2: { site: ams, address: 192.0.2.12, credentials: edge }
  sin-ce1: { site: sin, address: 192.0.2.21, credentials: edge }
circuits:
  ams-1:
    serviceKey: 7a3c0000-0000-4000-8000-000000000001
    provider: Equinix
    peeringLocation: Amsterdam
    bandwidth: 1Gbps
    sku: premium
    connectivityModel: cloudExchange
    links:
      primary: { router: ams-ce1, interface: er0 }
      secondary: { router: ams-ce2, interface: er0 }
    peerings:
      azurePrivate:
        vlan: 100
        customerAsn: 65010
        subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }
      microsoft:
        vlan: 101
        customerAsn: 65551
        subnets: { primary: 203.0.113.0/30, secondary: 203.0.113.4/30 }
  sin-1:
    serviceKey: 7a3c0000-0000-4000-8000-000000000002
    provider: Singtel
    peeringLocation: Singapore
    bandwidth: 50Mbps
    sku: standard
    connectivityModel: anyToAny
    links:
      primary: { router: sin-ce1, interface: ge1, providerEdge: { address: 198.51.100.1, asn: 64999 } }
      secondary: { router: sin-ce1, interface: ge2, providerEdge: { address: 198.51.100.5, asn: 64999 } }
    peerings:
      azurePrivate: { vlan: 200, customerAsn: 65020 }
globalReach:
  ams-sin:
    circuits: [ams-1, sin-1]
    subnet: 192.168.250.0/29
    probes:
      - { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }
`;

export const community = "sentinel-of-the-environment";

export const sources: SecretSources = {
  env: { SNMP_COMMUNITY: community },
  readFile: () => err("does not exist"),
  credentialsDirectory: undefined,
};

/** The file with one part replaced; the part must be there, so that no test edits nothing. */
export function edited(...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`not exactly once in the file: ${from}`);
    return text.replace(from, () => to);
  }, estateYaml);
}

export function errorsOf(text: string, secrets: SecretSources = sources): readonly string[] {
  const parsed = parseConfig(text, "estate.yaml", secrets);
  return parsed.ok ? [] : parsed.error.map(formatConfigError);
}

export function estateOf(text: string, secrets: SecretSources = sources): Estate {
  const parsed = parseConfig(text, "estate.yaml", secrets);
  if (!parsed.ok) throw new Error(parsed.error.map(formatConfigError).join("\n"));
  return parsed.value;
}

/** Files that hold the given contents, by path. */
export function holding(files: Readonly<Record<string, string>>): SecretSources["readFile"] {
  return (path) => (Object.hasOwn(files, path) ? ok(files[path] ?? "") : err("does not exist"));
}
