// GET of known instances, packed into as few datagrams as hold them.

import { err, ok, type Result } from "../lib/result.ts";
import { type Cells, createCells, setCell } from "../wire/snmp/cells.ts";
import { errorStatuses } from "../wire/snmp/message.ts";
import { encodeOid, formatOid, type Oid } from "../wire/snmp/oid.ts";
import type { RequestTemplate } from "../wire/snmp/request.ts";
import { nextBinding, type ResponseReader, rewind, sameOctets } from "../wire/snmp/response.ts";
import { exchangeError, type SnmpError, statusError } from "./snmp-error.ts";
import {
  type Ask,
  asked,
  bindingOverhead,
  type Conversation,
  datagramRoom,
  expectedValue,
  submit,
  templateFor,
} from "./snmp-peer.ts";

/** A part of a GET that travels in one datagram. */
interface Chunk {
  /** Place of its first name in the whole list. */
  readonly from: number;
  readonly names: readonly Uint8Array[];
  readonly template: RequestTemplate;
}

/** What does not change from poll to poll, made once for each list of OIDs. */
export interface GetPlan {
  /** Most names in one request: the router's limit when the plan was made. */
  readonly most: number;
  readonly chunks: readonly Chunk[];
}

export function planGet(to: Conversation, oids: readonly Oid[]): GetPlan {
  const most = to.learnt.mostNames;
  const room = datagramRoom(to.peer);
  const chunks: Chunk[] = [];
  let names: Uint8Array[] = [];
  let size = 0;
  let from = 0;
  const close = () => {
    if (names.length === 0) return;
    chunks.push({ from, names, template: templateFor(to.peer, get, names) });
    from += names.length;
    names = [];
    size = 0;
  };
  for (const oid of oids) {
    const name = encodeOid(oid);
    const octets = name.length + bindingOverhead + expectedValue;
    if (names.length >= most || size + octets > room) close();
    names.push(name);
    size += octets;
  }
  close();
  return { most, chunks };
}

const get = { type: "getRequest", maxRepetitions: 0 } as const;

/** One cell per OID, in the order asked. All chunks are under way at once. */
export async function runGet(
  to: Conversation,
  oids: readonly Oid[],
  plan: GetPlan,
  ask: Ask,
): Promise<Result<Cells, SnmpError>> {
  const cells = createCells(oids.length);
  const results = await Promise.all(plan.chunks.map((chunk) => runChunk(to, chunk, oids, cells, ask)));
  const failed = results.find((error) => error !== undefined);
  return failed === undefined ? ok(cells) : err(failed);
}

async function runChunk(
  to: Conversation,
  chunk: Chunk,
  oids: readonly Oid[],
  cells: Cells,
  ask: Ask,
): Promise<SnmpError | undefined> {
  const { names, from } = chunk;
  let status = 0;
  let index = 0;
  const failure = await submit(to, ask, chunk.template, (r) => {
    status = r.errorStatus;
    index = r.errorIndex;
    return takeGetAnswer(r, names, cells, from);
  });
  const what = () => asked(to, ask, "GET", formatOid(oids[from] ?? []), names.length - 1);
  if (failure !== undefined) return exchangeError(what(), failure);
  if (status === 0) return undefined;
  const reason = errorStatuses[status] ?? status;
  if (reason !== "tooBig" || names.length < 2) {
    const at = oids[from + index - 1];
    return statusError(what(), reason, index > 0 && at !== undefined ? formatOid(at) : undefined);
  }
  const half = Math.ceil(names.length / 2);
  to.learnt.mostNames = Math.min(to.learnt.mostNames, half);
  const halves = [
    { from, names: names.slice(0, half) },
    { from: from + half, names: names.slice(half) },
  ].map((part) => ({ ...part, template: templateFor(to.peer, get, part.names) }));
  const results = await Promise.all(halves.map((part) => runChunk(to, part, oids, cells, ask)));
  return results.find((error) => error !== undefined);
}

/** The answer must bind exactly the names asked, in that order (RFC 3416 section 4.2.1). */
export function takeGetAnswer(
  r: ResponseReader,
  names: readonly Uint8Array[],
  cells: Cells,
  from: number,
): "accepted" | "wrongOid" | "malformed" {
  rewind(r);
  let matched = 0;
  let wrong = false;
  while (nextBinding(r)) {
    const name = names[matched];
    if (r.errorStatus !== 0) continue;
    if (name === undefined || !sameOctets(r.bytes, r.oidFrom, r.oidTo, name)) {
      wrong = true;
    } else {
      setCell(cells, from + matched, r);
      matched += 1;
    }
  }
  if (r.fault !== undefined) return "malformed";
  return wrong || (r.errorStatus === 0 && matched !== names.length) ? "wrongOid" : "accepted";
}
