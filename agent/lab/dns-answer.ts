// The answers of the lab's DNS server (RFC 1035): one address for each name it knows, NXDOMAIN for all others.

import { parseAddress } from "../estate/address.ts";

const headerLength = 12;
const typeA = 1;
const noSuchName = 3;

/** The answer to one datagram; undefined when it is no question of ours to answer. */
export function answerDns(query: Uint8Array, addresses: ReadonlyMap<string, string>): Uint8Array | undefined {
  const question = readQuestion(query);
  if (question === undefined) return undefined;
  const address = parseAddress(addresses.get(question.name) ?? "");
  const found = address !== undefined && question.type === typeA;
  const header = Uint8Array.from([
    ...query.subarray(0, 2),
    // An authoritative answer, which offers no recursion.
    0x84,
    address === undefined ? noSuchName : 0,
    0,
    1,
    0,
    found ? 1 : 0,
    0,
    0,
    0,
    0,
  ]);
  const octets = found ? [24, 16, 8, 0].map((shift) => Number(address.value >> BigInt(shift)) & 255) : [];
  // The name as a pointer to the question, A, IN, 60 seconds, four octets.
  const record = found ? [0xc0, headerLength, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, ...octets] : [];
  return Uint8Array.from([...header, ...query.subarray(headerLength, question.end), ...record]);
}

function readQuestion(
  query: Uint8Array,
): { readonly name: string; readonly type: number; readonly end: number } | undefined {
  const isQuery = query.length > headerLength && ((query[2] ?? 0) & 0x80) === 0;
  if (!isQuery) return undefined;
  const labels: string[] = [];
  let at = headerLength;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    if (length > 63 || at + 1 + length >= query.length) return undefined;
    labels.push(String.fromCharCode(...query.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  const end = at + 5;
  if (end > query.length) return undefined;
  return { name: labels.join(".").toLowerCase(), type: ((query[at + 1] ?? 0) << 8) | (query[at + 2] ?? 0), end };
}
