// Polls the SNMPv2-MIB system group of one router: that it answers, who it says it is, since when.

import { readSystem, systemGroup } from "../mib/snmpv2-mib.ts";
import { type Collector, type CollectorDeps, failed, nothing, overtaken } from "./collector.ts";

export function systemCollector({ clock, target, uptime }: CollectorDeps, router: string): Collector {
  return async () => {
    const askedAt = clock.now();
    const got = await target.get(systemGroup, { group: "system", table: "system" });
    if (!got.ok) return failed(got.error);
    const at = clock.now();
    if (uptime.judge(got.value, askedAt, at) === "late") return overtaken(router, "system");
    const system = readSystem(got.value);
    if (system === undefined) {
      return nothing("noSuchTable", `${router} answers, but shows no sysUpTime; check that its SNMP view shows system`);
    }
    const { sysName, sysDescr, sysObjectID } = system;
    return {
      result: "ok",
      detail: "",
      observations: [
        { kind: "router", router, at, sysName, sysDescr, sysObjectId: sysObjectID, sysUpTime: system.sysUpTime / 100 },
      ],
    };
  };
}
