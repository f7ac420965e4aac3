// A second reader of answers, written apart from the agent's, that says which names and values a datagram holds.
// It is lenient: what it cannot read the agent must not have taken for an answer either.

export interface OracleBinding {
  /** Content octets of the name, in hexadecimal. */
  readonly name: string;
  readonly tag: number;
  readonly value: Uint8Array;
}

export interface OracleAnswer {
  readonly requestId: bigint;
  readonly errorStatus: bigint;
  readonly bindings: readonly OracleBinding[];
}

interface Tlv {
  readonly tag: number;
  readonly content: Uint8Array;
  /** All octets of the element, header and content. */
  readonly size: number;
}

function tlv(bytes: Uint8Array): Tlv | undefined {
  const [tag, first, ...longer] = bytes.subarray(0, 6);
  if (tag === undefined || first === undefined) return undefined;
  const octets = first < 0x80 ? 0 : first - 0x80;
  if (first === 0x80 || octets > 4 || octets > longer.length) return undefined;
  const length = octets === 0 ? first : longer.slice(0, octets).reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 + octets + length;
  return size > bytes.length ? undefined : { tag, content: bytes.subarray(2 + octets, size), size };
}

function childrenOf(bytes: Uint8Array): readonly Tlv[] | undefined {
  const children: Tlv[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const child = tlv(rest);
    if (child === undefined) return undefined;
    children.push(child);
    rest = rest.subarray(child.size);
  }
  return children;
}

/** Value of octets as a two's complement or an unsigned number; undefined of none. */
export function numberOf(octets: Uint8Array, signed: boolean): bigint | undefined {
  if (octets.length === 0) return undefined;
  const value = BigInt(`0x${hex(octets)}`);
  return signed ? BigInt.asIntN(octets.length * 8, value) : value;
}

export const hex = (octets: Uint8Array) => Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("hex");

/** The answer in a community message (RFC 1901). */
export function answerIn(datagram: Uint8Array): OracleAnswer | undefined {
  const outer = tlv(datagram);
  if (outer === undefined) return undefined;
  const pdu = childrenOf(outer.content)?.[2];
  return pdu === undefined ? undefined : pduOf(pdu);
}

/** The answer in a scoped PDU (RFC 3412 section 6), with any padding behind it. */
export function answerInScoped(scoped: Uint8Array): OracleAnswer | undefined {
  const outer = tlv(scoped);
  const pdu = outer === undefined ? undefined : childrenOf(outer.content)?.[2];
  return pdu === undefined ? undefined : pduOf(pdu);
}

function pduOf({ content }: Tlv): OracleAnswer | undefined {
  const [id, status, , list] = childrenOf(content) ?? [];
  if (id === undefined || status === undefined || list === undefined) return undefined;
  const requestId = numberOf(id.content, true);
  const errorStatus = numberOf(status.content, true);
  const bindings = childrenOf(list.content)?.map(bindingOf);
  if (requestId === undefined || errorStatus === undefined || bindings === undefined) return undefined;
  if (!bindings.every((binding) => binding !== undefined)) return undefined;
  return { requestId, errorStatus, bindings };
}

function bindingOf({ content }: Tlv): OracleBinding | undefined {
  const [name, value] = childrenOf(content) ?? [];
  if (name === undefined || value === undefined) return undefined;
  return { name: hex(name.content), tag: value.tag, value: value.content };
}

/** Arcs of an index, of any size; undefined of octets that end within one. */
function arcsOf(octets: Uint8Array): readonly bigint[] | undefined {
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of octets) {
    arc = arc * 128n + BigInt(octet & 0x7f);
    if (octet > 0x7f) continue;
    arcs.push(arc);
    arc = 0n;
  }
  return (octets.at(-1) ?? 0) > 0x7f ? undefined : arcs;
}

/** True when index `b` lies behind index `a` as GETNEXT orders them. */
export function liesBehind(a: Uint8Array, b: Uint8Array): boolean {
  const [x, y] = [arcsOf(a), arcsOf(b)];
  if (x === undefined || y === undefined) return false;
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const [p = 0n, q = 0n] = [x[i], y[i]];
    if (p !== q) return q > p;
  }
  return y.length > x.length;
}

/** The answer in an SNMPv3 message that is not encrypted (RFC 3412 section 6). */
export function answerInMessage(datagram: Uint8Array): OracleAnswer | undefined {
  const outer = tlv(datagram);
  const scoped = outer === undefined ? undefined : childrenOf(outer.content)?.[3];
  const pdu = scoped === undefined ? undefined : childrenOf(scoped.content)?.[2];
  return pdu === undefined ? undefined : pduOf(pdu);
}
