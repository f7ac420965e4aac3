// By which way a simulated router forwards to the prefixes that are declared of its private peerings: their rows of
// inetCidrRouteTable (RFC 4292), and the rows of its links' own subnets.

import { linkNames } from "../estate/estate.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";
import { type Instance, integer } from "./instances.ts";
import { type PathPlan, pathKey, paths, type RouterPlan } from "./plan.ts";
import { declaredReceived } from "./routes.ts";
import type { Simulation } from "./simulation.ts";

const inetCidrRouteTable = "1.3.6.1.2.1.4.24.7.1";

/** Its entry. */
export const routeTable: Oid = oid(inetCidrRouteTable);

/** inetCidrRouteType. */
const local = 3;
const remote = 4;

export function routeRows(router: RouterPlan, s: Simulation): readonly Instance[] {
  const mine = paths.filter((p) => p.router === router.name && p.peering.name === "azurePrivate");
  return mine.flatMap((p) => [
    { ...row(subnetOf(p.peerAddress), "0.0.0.0", local), when: () => carrierOf(p, s) },
    ...declaredReceived(p).flatMap((prefix) =>
      linkNames.map((link) => {
        const over = otherEnd(p, link);
        // The far end's address of either link: a router takes over the next hop of its neighbour as it is.
        return { ...row(prefix, over.peerAddress, remote), when: () => chosen(p, s) === over };
      }),
    ),
  ]);
}

/** Its own link before the other one, unless Microsoft drains it; undefined: no route is left. */
function chosen(p: PathPlan, s: Simulation): PathPlan | undefined {
  const other = otherEnd(p, p.link === "primary" ? "secondary" : "primary");
  const usable = [p, other].filter(({ key }) => s.usable(key));
  return usable.find(({ linkKey }) => s.network().links.get(linkKey)?.drained !== true) ?? usable[0];
}

function otherEnd(p: PathPlan, link: PathPlan["link"]): PathPlan {
  const found = paths.find(({ key }) => key === pathKey(p.circuit.name, p.peering.name, link));
  if (found === undefined) throw new Error(`no ${link} link of ${p.circuit.name} in the plan of the lab`);
  return found;
}

function carrierOf(p: PathPlan, s: Simulation): boolean {
  return s.network().links.get(p.linkKey)?.carrier === true;
}

function subnetOf(address: string): string {
  const octets = address.split(".").map(Number);
  return `${[...octets.slice(0, 3), (octets[3] ?? 0) & ~3].join(".")}/30`;
}

const quad = (address: string) => address.split(".").map(Number);

/** inetCidrRouteType under destination, policy (zeroDotZero) and next hop. */
function row(prefix: string, nextHop: string, type: number): Instance {
  const [network = "", length = ""] = prefix.split("/");
  const index = [1, 4, ...quad(network), Number(length), 2, 0, 0, 1, 4, ...quad(nextHop)];
  return { oid: [...routeTable, 8, ...index], read: () => integer(type) };
}
