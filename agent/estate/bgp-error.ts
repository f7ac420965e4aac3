// Names of BGP NOTIFICATION codes and subcodes: RFC 4271 section 6, RFC 4486 (Cease), RFC 9384 (BFD Down).

const codes: Readonly<Record<number, string>> = {
  1: "Message Header Error",
  2: "OPEN Message Error",
  3: "UPDATE Message Error",
  4: "Hold Timer Expired",
  5: "Finite State Machine Error",
  6: "Cease",
};

const subcodes: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  2: { 2: "Bad Peer AS", 3: "Bad BGP Identifier", 5: "Authentication Failure", 6: "Unacceptable Hold Time" },
  6: {
    1: "Maximum Number of Prefixes Reached",
    2: "Administrative Shutdown",
    3: "Peer De-configured",
    4: "Administrative Reset",
    5: "Connection Rejected",
    6: "Other Configuration Change",
    7: "Connection Collision Resolution",
    8: "Out of Resources",
    10: "BFD Down",
  },
};

/** `6/2 Cease, Administrative Shutdown`; undefined for 0/0, which means that there was no error. */
export function bgpErrorText([code, subcode]: readonly [number, number]): string | undefined {
  if (code === 0) return undefined;
  const names = [codes[code], subcodes[code]?.[subcode]].filter((name) => name !== undefined);
  return [`${code}/${subcode}`, names.join(", ")].join(" ").trim();
}
