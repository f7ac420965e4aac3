// Polls the SNMPv2-MIB system group of one router: that it answers, who it says it is, since when.

import { readEngine, snmpEngine } from "../mib/snmp-framework-mib.ts";
import { readSystem, type SystemGroup, systemGroup, unwrapped } from "../mib/snmpv2-mib.ts";
import { giveBackCells } from "../net/snmp-spare-cells.ts";
import { type Collector, type CollectorDeps, failed, nothing, overtaken } from "./collector.ts";

/** SNMPv1, whose agents have no SNMPv3 engine either, asks for what is missing one by one. */
const askedBy = { v1: systemGroup, later: [...systemGroup, ...snmpEngine] };

export function systemCollector({ clock, target, uptime }: CollectorDeps, router: string): Collector {
  const asked = target.hasCounter64 ? askedBy.later : askedBy.v1;
  let before: SystemGroup | undefined;
  const get = target.prepare(asked, true);
  return async () => {
    const askedAt = clock.now();
    const got = await get({ group: "system", table: "system" });
    if (!got.ok) return failed(got.error);
    const at = clock.now();
    if (uptime.judge(got.value, askedAt, at) === "late") return overtaken(router, "system");
    const system = readSystem(got.value, before);
    before = system;
    if (system === undefined) {
      return nothing("noSuchTable", `${router} answers, but shows no sysUpTime; check that its SNMP view shows system`);
    }
    const engine = asked === askedBy.v1 ? undefined : readEngine(got.value, systemGroup.length);
    giveBackCells(got.value);
    if (engine !== undefined) uptime.hear(engine);
    const { sysName, sysDescr, sysObjectID } = system;
    const sysUpTime = unwrapped(system.sysUpTime, engine?.time) / 100;
    return {
      result: "ok",
      detail: "",
      observations: [{ kind: "router", router, at, sysName, sysDescr, sysObjectId: sysObjectID, sysUpTime }],
    };
  };
}
