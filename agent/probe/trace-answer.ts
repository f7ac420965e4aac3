// What an arrived datagram or an ICMP error claims to be about, before anybody believes it.

import { formatAddress } from "../net/endpoint.ts";
import type { TraceSocket } from "../net/trace-sockets.ts";
import { type ExtendedError, icmpVerdict } from "../wire/extended-error.ts";
import { decodeEcho, icmpEcho, icmpv6Echo } from "../wire/icmp.ts";
import { decodeReflector } from "../wire/stamp.ts";
import {
  decodeQuotedDatagram,
  decodeQuotedEcho,
  decodeTracePayload,
  type Quoted,
  type TraceProbe,
  writeTraceDatagram,
  writeTraceEcho,
} from "../wire/trace-probe.ts";
import type { SizeAnswer } from "./mtu-search.ts";
import type { HopAnswer } from "./route-trace.ts";

export interface Flow {
  readonly technique: "icmp" | "udp";
  readonly family: 4 | 6;
}

const echoTypes = (family: 4 | 6) => (family === 4 ? icmpEcho : icmpv6Echo);

/** Octets in front of what we write: of IP without options, and of UDP; an echo's own header is written here. */
const headersOf = ({ technique, family }: Flow) => (family === 4 ? 20 : 40) + (technique === "udp" ? 8 : 0);
const echoHeader = 8;

/** Writes a probe that makes an IP packet of `size` octets; gives the length of what the socket is to send. */
export function writeTraceProbe(
  into: Uint8Array,
  flow: Flow,
  identifier: number,
  probe: TraceProbe,
  size: number,
): number {
  const length = size - headersOf(flow);
  if (flow.technique === "udp") return writeTraceDatagram(into, probe, length);
  return writeTraceEcho(into, echoTypes(flow.family), identifier, probe, length - echoHeader);
}

/** `size`: of the IP packet that it answers; undefined where the answer does not tell. */
export interface TraceClaim extends Quoted {
  readonly size: number | undefined;
}

type Nonsense = "malformed" | "foreign" | "notOurs";

/** An echo reply, or the answer of a Session-Reflector. */
export function readTraceAnswer(
  flow: Flow,
  bytes: Uint8Array,
  { identifier, raw }: Pick<TraceSocket, "identifier" | "raw">,
): TraceClaim | Nonsense {
  if (flow.technique === "udp") {
    const reply = decodeReflector(bytes);
    if (!reply.ok) return "malformed";
    const { sequence, timestamp } = reply.value.sender;
    return { tag: sequence, cookie: [timestamp.seconds, timestamp.fraction], size: undefined };
  }
  const echo = decodeEcho(echoTypes(flow.family), bytes);
  if (!echo.ok) return "malformed";
  if (echo.value.identifier !== identifier) return raw ? "notOurs" : "foreign";
  const cookie = decodeTracePayload(echo.value.payload);
  if (echo.value.type !== "reply" || !cookie.ok) return "foreign";
  return { tag: echo.value.sequence, cookie: cookie.value, size: headersOf(flow) + bytes.byteLength };
}

/** What an ICMP error quotes of a probe of ours. */
export function readTraceError(
  flow: Flow,
  quoted: Uint8Array,
  { identifier, raw }: Pick<TraceSocket, "identifier" | "raw">,
): Quoted | Nonsense {
  if (flow.technique === "udp") return decodeQuotedDatagram(quoted);
  const echo = decodeQuotedEcho(echoTypes(flow.family), quoted);
  if (!echo.ok) return "malformed";
  if (echo.value.identifier !== identifier) return raw ? "notOurs" : "foreign";
  return echo.value;
}

/** What an ICMP error means for a trace; undefined: nothing. */
export function hopAnswer(error: ExtendedError): HopAnswer | undefined {
  if (error.offender === undefined) return undefined;
  const from = formatAddress({ ...error.offender, port: 0 });
  const verdict = icmpVerdict(error);
  if (verdict.kind === "timeExceeded") return { kind: "passing", from };
  if (verdict.kind !== "unreachable") return undefined;
  return verdict.port ? { kind: "target", from } : { kind: "refusing", from, says: verdict.what };
}

/** What an ICMP error means for a search; undefined: nothing. */
export function sizeAnswer(error: ExtendedError): SizeAnswer | undefined {
  if (error.offender === undefined) return undefined;
  const verdict = icmpVerdict(error);
  if (verdict.kind === "tooBig") {
    return { kind: "tooBig", mtu: verdict.mtu, by: formatAddress({ ...error.offender, port: 0 }) };
  }
  return verdict.kind === "unreachable" && verdict.port ? { kind: "answered" } : undefined;
}
