// Rows as net-snmp 5.9.3 gives them of a Linux kernel's routes (recorded in the lab of test/routers), and as RFC 4292 has them.

import { describe, expect, it } from "vitest";
import { routeTables } from "../../agent/mib/ip-forward.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import { subnet } from "../support/declared.ts";

const [inet, ip] = routeTables;
const arcs = (text: string) => text.split(".").map(Number);
const under = (table: typeof inet, text: string) => {
  const oid = table?.under(subnet(text));
  return oid && formatOid(oid);
};

describe("the rows of a prefix", () => {
  it("begin where its columns have them", () => {
    expect(under(inet, "10.100.0.10/32")).toBe("1.3.6.1.2.1.4.24.7.1.8.1.4.10.100.0.10.32");
    expect(under(inet, "2001:db8::/32")).toBe("1.3.6.1.2.1.4.24.7.1.8.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.0.32");
    expect(under(inet, "0.0.0.0/0")).toBe("1.3.6.1.2.1.4.24.7.1.8.1.4.0.0.0.0.0");
    expect(under(ip, "172.16.0.0/30")).toBe("1.3.6.1.2.1.4.24.4.1.6.172.16.0.0.255.255.255.252");
    expect(under(ip, "0.0.0.0/0")).toBe("1.3.6.1.2.1.4.24.4.1.6.0.0.0.0.0.0.0.0");
    expect(under(ip, "2001:db8::/32")).toBeUndefined();
  });

  it("name the next hop behind whatever policy", () => {
    expect(inet?.nextHop(arcs("2.0.0.1.4.172.16.0.2"))).toBe("172.16.0.2");
    expect(inet?.nextHop(arcs("3.0.0.3.1.4.0.0.0.0"))).toBe("0.0.0.0");
    expect(inet?.nextHop(arcs("2.0.0.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2"))).toBe("2001:db8::2");
    // With a zone (ipv6z).
    expect(inet?.nextHop(arcs("2.0.0.4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.7"))).toBe("fe80::2");
    expect(ip?.nextHop(arcs("0.10.10.0.3"))).toBe("10.10.0.3");
  });

  it.each(["", "2.0.0", "2.0.0.1.4.172.16.0", "2.0.0.1.4.172.16.0.2.9", "9.0", "2.0.0.1.4.172.16.0.999"])(
    "name none where the index is broken: %s",
    (text) => {
      expect(inet?.nextHop(text === "" ? [] : arcs(text))).toBeUndefined();
      expect(ip?.nextHop(text === "" ? [] : arcs(text))).toBeUndefined();
    },
  );
});
