import { describe, expect, it } from "vitest";
import { createReader } from "../../../agent/wire/ber.ts";
import { encodeMessage } from "../../../agent/wire/snmp/message.ts";
import { readCommunityHead, readNotification, versionOf } from "../../../agent/wire/snmp/notification.ts";
import { formatOid, oid } from "../../../agent/wire/snmp/oid.ts";
import {
  notificationPdu,
  notificationV2c,
  octets,
  type TrapV1,
  trapOids,
  trapV1,
} from "../../support/notifications.ts";

function read(bytes: Uint8Array) {
  const r = createReader(bytes);
  const head = readCommunityHead(r, bytes);
  if (head === undefined) return { fault: r.fault };
  const { community, version } = head;
  const notification = readNotification(r, bytes.length, version);
  if (!notification.ok) return { fault: notification.error.kind };
  return { version, community: Buffer.from(community).toString(), ...notification.value };
}

const generic: TrapV1 = { community: "c", enterprise: "1.3.6.1.4.1.9.1.1", generic: 2, specific: 0 };
const trapOf = (change: Partial<TrapV1>) => {
  const got = read(trapV1({ ...generic, ...change }));
  return "trapOid" in got ? formatOid(got.trapOid) : got.fault;
};

describe("RFC 1157 section 4.1.6, Trap-PDU", () => {
  it("octet by octet", () => {
    const hex =
      "3028" + // Message
      "020100" + // version-1
      "0406" +
      "7075626c6963" + // public
      "a41b" + // Trap-PDU
      "0608" +
      "2b06010401090105" + // enterprise
      "4004" +
      "c0000201" + // agent-addr 192.0.2.1
      "020106" +
      "020105" + // generic-trap, specific-trap
      "430107" + // time-stamp
      "3000";
    const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
    expect(read(bytes)).toEqual({
      version: 0,
      community: "public",
      confirmed: false,
      requestId: 0,
      trapOid: oid("1.3.6.1.4.1.9.1.5.0.5"),
      upTime: 7,
      varbinds: [],
    });
  });
});

describe("RFC 3584 section 3.1, a v1 trap as a v2 notification", () => {
  it.each([
    [0, "1.3.6.1.6.3.1.1.5.1"],
    [2, "1.3.6.1.6.3.1.1.5.3"],
    [3, "1.3.6.1.6.3.1.1.5.4"],
    [5, "1.3.6.1.6.3.1.1.5.6"],
  ])("generic-trap %i, of whatever enterprise", (number, expected) => {
    expect(trapOf({ generic: number, specific: 9 })).toBe(expected);
  });

  it("enterpriseSpecific: the enterprise, a zero, and the specific-trap", () => {
    expect(trapOf({ enterprise: "1.3.6.1.2.1.15.7", generic: 6, specific: 2 })).toBe("1.3.6.1.2.1.15.7.0.2");
  });

  it("an enterprise that leaves no room for the two arcs is refused: RFC 3416 section 4.1 has 128 at most", () => {
    const enterprise = (arcs: number) => ["1.3", ...Array(arcs - 2).fill(1)].join(".");
    expect(trapOf({ enterprise: enterprise(126), generic: 6, specific: 2 })).toBe(`${enterprise(126)}.0.2`);
    expect(trapOf({ enterprise: enterprise(127), generic: 6, specific: 2 })).toBe("oid");
  });

  it("its bindings stay as they are", () => {
    const varbinds = [{ oid: oid("1.3.6.1.2.1.2.2.1.1.3"), value: { type: "integer", value: 3 } } as const];
    expect(read(trapV1({ ...generic, varbinds }))).toMatchObject({ varbinds });
  });

  it.each([
    ["generic-trap that is none", { generic: 7 }, "value"],
    ["negative generic-trap", { generic: -1 }, "value"],
    ["negative specific-trap", { generic: 6, specific: -1 }, "value"],
    ["agent-addr of three octets", { agentAddress: [1, 2, 3] }, "value"],
  ] as const)("refuses a %s", (_, change, fault) => {
    expect(trapOf(change)).toBe(fault);
  });
});

describe("RFC 3416 section 4.2.6, SNMPv2-Trap-PDU and InformRequest-PDU", () => {
  it.each([false, true])("inform %s", (inform) => {
    const varbinds = [{ oid: oid("1.3.6.1.2.1.2.2.1.2.3"), value: { type: "octets", value: octets("ge0") } } as const];
    const got = read(notificationV2c("c", { trap: trapOids.linkDown, inform, requestId: 4711, upTime: 42, varbinds }));
    expect(got).toMatchObject({ version: 1, community: "c", confirmed: inform, requestId: 4711, upTime: 42 });
    expect(got).toMatchObject({ trapOid: oid(trapOids.linkDown), varbinds: [{}, {}, varbinds[0]] });
  });

  const message = (pdu: Parameters<typeof encodeMessage>[0]["pdu"]) =>
    encodeMessage({ version: "2c", community: octets("c"), pdu });

  it("takes snmpTrapOID.0 where it stands, and does without sysUpTime.0", () => {
    const pdu = notificationPdu({ trap: trapOids.linkUp });
    const [time, trap] = pdu.varbinds;
    if (time === undefined || trap === undefined) throw new Error("the honest PDU has both");
    expect(read(message({ ...pdu, varbinds: [trap, time] }))).toMatchObject({
      trapOid: oid(trapOids.linkUp),
      upTime: 100,
    });
    expect(read(message({ ...pdu, varbinds: [trap] }))).toMatchObject({ upTime: undefined });
    expect(read(message({ ...pdu, varbinds: [time] }))).toEqual({ fault: "value" });
    const noOid = { oid: trap.oid, value: { type: "integer", value: 3 } } as const;
    expect(read(message({ ...pdu, varbinds: [time, noOid] }))).toEqual({ fault: "value" });
  });

  it("refuses a PDU that is no notification, and one of the other version", () => {
    const pdu = notificationPdu({ trap: trapOids.linkUp });
    for (const type of ["getRequest", "getNextRequest", "response", "setRequest", "report"] as const) {
      expect(
        read(message({ type, requestId: 1, errorStatus: 0, errorIndex: 0, varbinds: pdu.varbinds })),
        type,
      ).toEqual({ fault: "pdu" });
    }
    const v1 = trapV1(generic);
    const asV2c = v1.map((octet, i) => (i === 4 ? 1 : octet));
    expect(read(asV2c)).toEqual({ fault: "pdu" });
    const v2c = notificationV2c("c", { trap: trapOids.linkUp });
    expect(read(v2c.map((octet, i) => (i === 4 ? 0 : octet)))).toEqual({ fault: "pdu" });
    expect(read(v2c.map((octet, i) => (i === 4 ? 2 : octet)))).toEqual({ fault: "version" });
  });
});

describe("the version of a message", () => {
  it("is read of any, and of nothing else", () => {
    expect(versionOf(trapV1(generic))).toBe(0);
    expect(versionOf(notificationV2c("c", { trap: trapOids.linkUp }))).toBe(1);
    expect(versionOf(Uint8Array.from(Buffer.from("3003020103", "hex")))).toBe(3);
    for (const hex of ["", "30", "3003020103ff", "30030401aa", "3005020500"]) {
      expect(versionOf(Uint8Array.from(Buffer.from(hex, "hex"))), hex).toBe(undefined);
    }
  });
});
