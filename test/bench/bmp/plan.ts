// What the routers of the benchmark send, and where from.

import type { Estate } from "../../../agent/estate/estate.ts";
import { seconds } from "../../../agent/lib/duration.ts";
import * as w from "../../support/bmp.ts";
import { estate, path, router } from "../../support/estate.ts";

export const addressOf = (i: number) => `127.0.20.${i + 1}`;
export const nameOf = (i: number) => `r${i}`;
export const peer = { address: "172.16.0.2", asn: 12076 } as const;

/** One router for each connection, with one session that carries a path. */
export function estateOf(routers: number, routes: number): Estate {
  const [circuit] = estate().circuits.values();
  if (circuit === undefined) throw new Error("no circuit");
  const circuits = Array.from({ length: routers }, (_, i) => {
    const primary = { ...path("primary"), circuit: `c${i}`, router: nameOf(i) };
    const paths = { primary, secondary: { ...primary, link: "secondary" as const } };
    const peerings = circuit.peerings.map((peering) => ({ ...peering, paths }));
    return [`c${i}`, { ...circuit, name: `c${i}`, peerings }] as const;
  });
  const monitored = Array.from({ length: routers }, (_, i) => ({ router: nameOf(i), addresses: [addressOf(i)] }));
  return {
    ...estate(),
    routers: new Map(
      Array.from({ length: routers }, (_, i) => [
        nameOf(i),
        { ...router(nameOf(i), addressOf(i)), pollInterval: seconds(5) },
      ]),
    ),
    circuits: new Map(circuits),
    bmp: { listen: { host: "127.0.0.1", port: 0 }, routers: monitored, routes, communities: 100 },
  };
}

const opens = { sent: w.open({ asn: 65010 }), received: w.open({ asn: 12076 }) };
export const opening = (i: number) => w.joined(w.initiation(nameOf(i), "a benchmark"), w.peerUp(peer, opens));
export const down = w.peerDown(peer, 2, w.u16(0));

/** As FRR: a message for each prefix. One set of attributes in four is of this prefix alone. */
export function route(router: number, n: number): Uint8Array {
  const behind = n % 4 === 0 ? 100_000 + n : 65_515;
  return w.routeMonitoring(peer, {
    attributes: [
      w.origin(0),
      w.sequence(65010, 12076, behind, 64_512 + router),
      w.nextHop("172.16.0.2"),
      w.communities(0x2f2c_c73c, 0x2f2c_1392),
    ],
    nlri: [w.prefix(`${10 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.0/24`)],
  });
}
