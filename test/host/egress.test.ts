import { describe, expect, it } from "vitest";
import { parseAddress } from "../../agent/estate/address.ts";
import { createEgress, destinationsOf } from "../../agent/host/egress.ts";
import type { Route } from "../../agent/wire/proc/routes.ts";
import { estate as anEstate, router } from "../support/estate.ts";

const address = (text: string) => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
};

function route(
  network: string,
  length: number,
  via: string | undefined,
  name = "eth0",
  rest: Partial<Route> = {},
): Route {
  const { family, value } = address(network);
  const gateway = via === undefined ? undefined : address(via).value;
  return { family, network: value, length, gateway, metric: 0, interface: name, refuses: false, ...rest };
}
const names = (gateways: readonly { readonly address: string }[]) => gateways.map((gateway) => gateway.address);

describe("destinations", () => {
  it("are the routers and the targets of probes, but for this host's loopback", () => {
    const estate = anEstate();
    const routers = new Map([...estate.routers, ["here", router("here", "127.0.0.5")]]);
    expect(destinationsOf({ ...estate, routers })).toEqual(
      ["10.255.0.11", "10.255.0.12", "172.16.0.2", "172.16.0.6", "10.20.0.11"].map(address),
    );
  });
});

describe("egress", () => {
  const to = ["10.255.0.11", "172.16.0.2", "192.0.2.7"].map(address);

  it("goes by the longest prefix, then by the least metric", () => {
    const { gateways, interfaces, routed, defaultRouteLost } = createEgress(to, undefined).read(
      [
        route("0.0.0.0", 0, "192.0.2.9", "eth1", { metric: 200 }),
        route("0.0.0.0", 0, "192.0.2.1", "eth0", { metric: 100 }),
        route("172.16.0.0", 12, "192.0.2.2", "eth2"),
        route("172.16.0.0", 30, "192.0.2.3", "eth3"),
        route("192.0.2.0", 24, undefined),
      ],
      false,
    );
    expect(names(gateways)).toEqual(["192.0.2.1", "192.0.2.3"]);
    expect(interfaces).toEqual(["eth0", "eth3"]);
    expect([routed, defaultRouteLost]).toEqual([true, false]);
  });

  it("remembers its gateways and interfaces when the routes vanish", () => {
    const egress = createEgress(to, undefined);
    egress.read([route("0.0.0.0", 0, "192.0.2.1")], false);
    const lost = egress.read([], false);
    expect(lost).toMatchObject({ interfaces: ["eth0"], routed: false, defaultRouteLost: true });
    expect(names(lost.gateways)).toEqual(["192.0.2.1"]);
    expect(egress.read([route("0.0.0.0", 0, "192.0.2.1")], false)).toMatchObject({
      routed: true,
      defaultRouteLost: false,
    });
  });

  it("calls no default route lost that never was, nor one that may be among those not read", () => {
    const own = [route("10.0.0.0", 8, undefined), route("172.16.0.0", 12, undefined)];
    expect(createEgress(to, undefined).read(own, false)).toMatchObject({ routed: true, defaultRouteLost: false });
    const egress = createEgress(to, undefined);
    egress.read([route("0.0.0.0", 0, "192.0.2.1")], false);
    expect(egress.read([], true)).toMatchObject({ routed: true, defaultRouteLost: false });
  });

  it("finds no way by a route that refuses", () => {
    const none = [route("0.0.0.0", 0, undefined, "", { refuses: true })];
    expect(createEgress(to, undefined).read(none, false)).toMatchObject({ routed: false, gateways: [] });
  });

  it("names the interface of a link-local next hop, and looks at the families that are used only", () => {
    const six = [address("2001:db8::7")];
    const routes = [route("::", 0, "fe80::1", "eth0"), route("0.0.0.0", 0, "192.0.2.1")];
    expect(createEgress(six, undefined).read(routes, false).gateways).toEqual([
      { address: "fe80::1", interface: "eth0" },
    ]);
  });

  it("pings what is configured, and nothing where nothing is to be reached", () => {
    const routes = [route("0.0.0.0", 0, "192.0.2.1")];
    expect(names(createEgress(to, ["192.0.2.99"]).read(routes, false).gateways)).toEqual(["192.0.2.99"]);
    expect(createEgress(to, []).read(routes, false).gateways).toEqual([]);
    expect(createEgress([], undefined).read(routes, false)).toMatchObject({ gateways: [], routed: true });
  });

  it("is bounded", () => {
    const many = Array.from({ length: 40 }, (_, i) => address(`10.${i}.0.1`));
    const routes = many.map((_, i) => route(`10.${i}.0.0`, 16, `192.0.2.${i + 1}`, `eth${i}`));
    const { gateways, interfaces } = createEgress(many, undefined).read(routes, false);
    expect([gateways.length, interfaces.length]).toEqual([8, 8]);
  });
});
