// An estate on loopback that has every thread of the agent at work.

/** One path of each link, probed on loopback: by ICMP, and by STAMP against the agent's own reflector. */
export function estateWith(port: number) {
  const probes = [
    { technique: "icmp", address: "127.0.0.1" },
    { technique: "stamp", address: "127.0.0.1", port },
  ];
  return {
    site: "ams",
    web: { listen: "127.0.0.1:0" },
    snmp: { credentials: { edge: { version: "2c", community: { env: "SNMP_COMMUNITY" } } } },
    reflector: { listen: `127.0.0.1:${port}`, senders: ["127.0.0.1/32"] },
    checking: { interval: "1s", timeout: "500ms" },
    routers: { ce1: { site: "ams", address: "127.0.0.1", port: 9, credentials: "edge" } },
    circuits: {
      "ams-1": {
        serviceKey: "7a3c0000-0000-4000-8000-000000000001",
        ...{ provider: "Equinix", peeringLocation: "Amsterdam", bandwidth: "1Gbps", sku: "premium" },
        connectivityModel: "cloudExchange",
        links: { primary: { router: "ce1", interface: "er0" }, secondary: { router: "ce1", interface: "er1" } },
        peerings: {
          azurePrivate: {
            vlan: 100,
            customerAsn: 65_010,
            subnets: { primary: "172.16.0.0/30", secondary: "172.16.0.4/30" },
            probes: { primary: probes, secondary: probes },
          },
        },
      },
    },
    services: {
      nothing: {
        ...{ circuit: "ams-1", peering: "azurePrivate" },
        checks: [{ technique: "tcp", host: "127.0.0.1", port: 9 }],
      },
    },
  };
}
