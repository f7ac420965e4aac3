// The lab's plan: one site with two edge routers (CE), two MSEEs, a jump host.
//
//   jump --- lan --- ce1 --[wire1]-- msee1
//              \---- ce2 --[wire2]-- msee2
//
// Each name is a network namespace. `lan` and the wires hold a bridge: a wire is a namespace of its
// own so that a failure can strike either end or the middle, with carrier up at both ends.

import type { LinkName } from "../../../agent/estate/estate.ts";

export interface CePlan {
  readonly node: "ce1" | "ce2";
  readonly link: LinkName;
  /** Address on the LAN of the site. */
  readonly lan: string;
  /** Where its SNMP agent is polled. */
  readonly loopback: string;
  /** First usable address of the link's /30. */
  readonly address: string;
  readonly subnet: string;
  readonly wire: "wire1" | "wire2";
  readonly msee: MseePlan;
}

export interface MseePlan {
  readonly node: "msee1" | "msee2";
  /** Second usable address of the link's /30. */
  readonly address: string;
}

export const plan = {
  customerAsn: 65010,
  mseeAsn: 12076,
  community: "erlab",
  lan: "10.10.0.0/24",
  jump: "10.10.0.10",
  /** An address in the cloud, on both MSEEs: what the circuit is for. */
  vnet: "10.100.0.10",
  /** Of the site as well: what a CE announces too much of comes from here. */
  flood: "10.210.0.0/16",
  /** Interface of the link on each CE. */
  interface: "er0",
  ces: {
    primary: {
      node: "ce1",
      link: "primary",
      lan: "10.10.0.2",
      loopback: "10.255.0.11",
      address: "172.16.0.1",
      subnet: "172.16.0.0/30",
      wire: "wire1",
      msee: { node: "msee1", address: "172.16.0.2" },
    },
    secondary: {
      node: "ce2",
      link: "secondary",
      lan: "10.10.0.3",
      loopback: "10.255.0.12",
      address: "172.16.0.5",
      subnet: "172.16.0.4/30",
      wire: "wire2",
      msee: { node: "msee2", address: "172.16.0.6" },
    },
  } satisfies Record<LinkName, CePlan>,
} as const;

export const ces: readonly CePlan[] = [plan.ces.primary, plan.ces.secondary];

export type NodeName = "jump" | "lan" | CePlan["node"] | CePlan["wire"] | MseePlan["node"];

export const nodes: readonly NodeName[] = ["jump", "lan", "ce1", "ce2", "wire1", "wire2", "msee1", "msee2"];

export function siblingOf(ce: CePlan): CePlan {
  return ce.link === "primary" ? plan.ces.secondary : plan.ces.primary;
}
