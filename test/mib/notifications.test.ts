import { describe, expect, it } from "vitest";
import { pollGroups } from "../../agent/estate/observation.ts";
import { groupsToConfirm, notificationKinds, notificationType, whatItSaid } from "../../agent/mib/notifications.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import type { Value, VarBind } from "../../agent/wire/snmp/value.ts";

const named = (text: string) => notificationType(oid(text))?.name;

describe("notifications", () => {
  it.each([
    ["1.3.6.1.6.3.1.1.5.1", "start", "coldStart"],
    ["1.3.6.1.6.3.1.1.5.3", "link", "linkDown"],
    ["1.3.6.1.2.1.15.0.1", "bgp", "bgpEstablishedNotification"],
    ["1.3.6.1.2.1.15.7.2", "bgp", "bgpBackwardTransition"],
    ["1.3.6.1.4.1.9.9.187.0.7", "bgp", "cbgpPeer2FsmStateChange"],
    ["1.3.6.1.4.1.2636.5.1.1.1.0.2", "bgp", "jnxBgpM2BackwardTransition"],
    ["1.3.6.1.2.1.222.0.2", "bfd", "bfdSessDown"],
    ["1.3.6.1.4.1.9.10.137.0.1", "bfd", "ciscoBfdSessUp"],
  ])("%s is about %s: %s", (text, kind, name) => {
    expect(notificationType(oid(text))).toEqual({ kind, name });
  });

  it("are known with and without the zeros that v1 and its translations put before the last arc", () => {
    expect(named("1.3.6.1.2.1.15.7.0.2")).toBe("bgpBackwardTransition");
    expect(named("1.3.6.1.2.1.15.2")).toBe("bgpBackwardTransNotification");
    expect(named("1.3.6.1.2.1.15.0.0.2")).toBe("bgpBackwardTransNotification");
    expect(named("1.3.6.1.4.1.9.9.187.0.0.2")).toBe("cbgpBackwardTransition");
  });

  it("that say nothing of what is watched are unknown", () => {
    for (const text of [
      "1.3.6.1.6.3.1.1.5.5", // authenticationFailure
      "1.3.6.1.2.1.15.0.3",
      "1.3.6.1.2.1.15.7.1.2",
      "1.3.6.1.4.1.9.9.187.0.9", // cbgpPeer2PrefixThresholdExceeded
      "0.0",
      "1.3",
    ]) {
      expect(named(text), text).toBe(undefined);
    }
  });

  it("each lead to groups that are polled", () => {
    for (const kind of notificationKinds) {
      expect(groupsToConfirm[kind].length, kind).toBeGreaterThan(0);
      for (const group of groupsToConfirm[kind]) expect(pollGroups).toContain(group);
    }
  });
});

describe("what it said", () => {
  const binding = (name: string, value: Value): VarBind => ({ oid: oid(name), value });
  const text = (s: string): Value => ({ type: "octets", value: Uint8Array.from(Buffer.from(s)) });
  const integer = (value: number): Value => ({ type: "integer", value });
  const said = (trap: string, ...varbinds: readonly VarBind[]) => {
    const type = notificationType(oid(trap));
    if (type === undefined) throw new Error(`unknown: ${trap}`);
    return whatItSaid(type, { confirmed: false, requestId: 0, trapOid: oid(trap), upTime: 0, varbinds });
  };

  it("names the interface", () => {
    const bindings = [
      binding("1.3.6.1.2.1.2.2.1.1.3", integer(3)),
      binding("1.3.6.1.2.1.2.2.1.7.3", integer(1)),
      binding("1.3.6.1.2.1.2.2.1.8.3", integer(2)),
      binding("1.3.6.1.2.1.31.1.1.1.1.3", text("ge0")),
    ];
    expect(said("1.3.6.1.6.3.1.1.5.3", ...bindings)).toBe('linkDown of ifIndex 3, ifOperStatus down, "ge0"');
  });

  it("takes the peer from the index, for bgpPeerRemoteAddr may read 0.0.0.0", () => {
    const bindings = [
      binding("1.3.6.1.2.1.15.3.1.7.172.16.0.2", { type: "ipAddress", value: "0.0.0.0" }),
      binding("1.3.6.1.2.1.15.3.1.14.172.16.0.2", text("xx")),
    ];
    expect(said("1.3.6.1.2.1.15.0.2", ...bindings)).toBe("bgpBackwardTransNotification of peer 172.16.0.2");
  });

  it("knows the peer of cbgpPeer2Table by its length", () => {
    const six = `2.16.${[0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 2].join(".")}`;
    expect(said("1.3.6.1.4.1.9.9.187.0.6", binding(`1.3.6.1.4.1.9.9.187.1.2.5.1.3.${six}`, integer(1)))).toBe(
      "cbgpPeer2BackwardTransNotification of peer 2001:db8::2",
    );
  });

  it("says the name alone where nothing more is known, and keeps the router's text short and clean", () => {
    expect(said("1.3.6.1.6.3.1.1.5.4", binding("1.3.6.1.2.1.15.3.1.7.1.2.999.4", integer(1)))).toBe("linkUp");
    const long = said(
      "1.3.6.1.6.3.1.1.5.4",
      binding("1.3.6.1.2.1.2.2.1.2.3", text(`a"\n\u001b[31m${"x".repeat(500)}`)),
    );
    expect(long.length).toBeLessThan(100);
    expect(long).toContain('linkUp of "a\\"[31mx');
  });
});
