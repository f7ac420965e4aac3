// GET of known instances, packed into as few datagrams as hold them.

import { keepOctets } from "../lib/kept-octets.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { tagOid, tagSequence } from "../wire/ber.ts";
import { type Cells, setCell, setCellFrom } from "../wire/snmp/cells.ts";
import { errorStatuses } from "../wire/snmp/message.ts";
import { decodeOid, encodeOid, formatOid, type Oid } from "../wire/snmp/oid.ts";
import { namesOf, type RequestTemplate } from "../wire/snmp/request.ts";
import { nextBinding, type ResponseReader, rewind, sameOctets } from "../wire/snmp/response.ts";
import { exchangeError, type SnmpError, statusError } from "./snmp-error.ts";
import {
  type Ask,
  asked,
  bindingOverhead,
  type Conversation,
  datagramRoom,
  expectedValue,
  request,
  templateFor,
} from "./snmp-peer.ts";
import type { Accept, Security } from "./snmp-pending.ts";
import { takeCells } from "./snmp-spare-cells.ts";

/** A part of a GET that travels in one datagram. */
interface Chunk extends RequestTemplate {
  /** Place of its first name in the whole list. */
  readonly from: number;
}

// Not spread: half of it would stand in an array of its own.
const chunkOf = ({ bytes, requestIdAt, bindingsAt, names }: RequestTemplate, from: number): Chunk => ({
  bytes,
  requestIdAt,
  bindingsAt,
  names,
  from,
});

/** A GET of the same names at each poll: one cell per name, in the order asked. */
export type PreparedGet = (ask: Ask) => Promise<Result<Cells, SnmpError>>;

/**
 * Keeps the requests, and not the OIDs: their names stand in the requests, and lists of numbers for all that thousands
 * of routers are asked for take more memory than everything else together.
 */
export function prepareGet(to: Conversation, oids: readonly Oid[], isConstant: boolean): PreparedGet {
  const prepared: Prepared = { plan: isConstant ? sharedPlan(to, oids) : kept(planGet(to, oids.map(encodeOid))) };
  return (ask) => {
    if (prepared.plan.most > to.learnt.mostNames) prepared.plan = kept(planGet(to, namesIn(prepared.plan)));
    return runGet(to, prepared, ask);
  };
}

/** By whose octets they hold, and by what is asked. */
const sharedPlans = new WeakMap<Security, Map<readonly Oid[], GetPlan>>();

/** One for all routers of the same credentials: a request's octets are copied as soon as its id stands in them. */
function sharedPlan(to: Conversation, oids: readonly Oid[]): GetPlan {
  const { security } = to.peer;
  const plans = sharedPlans.get(security) ?? new Map<readonly Oid[], GetPlan>();
  sharedPlans.set(security, plans);
  const plan = plans.get(oids) ?? kept(planGet(to, oids.map(encodeOid)));
  plans.set(oids, plan);
  return plan;
}

/** A GET that is not asked again. */
export function getOnce(to: Conversation, oids: readonly Oid[], ask: Ask): Promise<Result<Cells, SnmpError>> {
  return runGet(to, { plan: planGet(to, oids.map(encodeOid)) }, ask);
}

interface Prepared {
  /** For the next time. */
  plan: GetPlan;
}

/** What does not change from poll to poll. */
export interface GetPlan {
  /** Most names in one request: the router's limit when the plan was made. */
  readonly most: number;
  readonly chunks: readonly Chunk[];
  /** How many names are in all of them. */
  readonly names: number;
  /** Octets that bindings took in the last answers, one with the other; undefined when the plan was made without any. */
  readonly bindings: number | undefined;
}

/** `all`: content octets of the OIDs. `bindings`: octets of all bindings together, as they were seen. */
export function planGet(to: Conversation, all: readonly Uint8Array[], bindings?: number): GetPlan {
  const most = to.learnt.mostNames;
  const room = datagramRoom(to.peer);
  const chunks: Chunk[] = [];
  let names: Uint8Array[] = [];
  let size = 0;
  let from = 0;
  const close = () => {
    if (names.length === 0) return;
    chunks.push(chunkOf(templateFor(to.peer, get, names), from));
    from += names.length;
    names = [];
    size = 0;
  };
  const value =
    bindings === undefined
      ? expectedValue
      : Math.max(0, bindings * growth - all.reduce((sum, name) => sum + name.length + bindingOverhead, 0)) / all.length;
  for (const name of all) {
    const octets = name.length + bindingOverhead + value;
    if (names.length >= most || size + octets > room) close();
    names.push(name);
    size += octets;
  }
  close();
  return { most, chunks, names: all.length, bindings };
}

/** Requests that are soon forgotten, and those that are sent for years, must not share blocks of memory: one keeps all. */
function kept(plan: GetPlan): GetPlan {
  const { most, names, bindings } = plan;
  const chunks = plan.chunks.map((chunk) => chunkOf({ ...chunk, bytes: keepOctets(chunk.bytes) }, chunk.from));
  return { most, chunks, names, bindings };
}

function namesIn({ chunks }: GetPlan): readonly Uint8Array[] {
  return chunks.flatMap(namesOf);
}

/** After an answer to every chunk: a plan of fewer datagrams, now that the values have been seen. */
function tighter(to: Conversation, plan: GetPlan, bindings: number): GetPlan {
  if (plan.chunks.length < 2 || plan.bindings !== undefined || !to.learnt.packsBySize) return plan;
  const better = planGet(to, namesIn(plan), bindings);
  return better.chunks.length < plan.chunks.length ? better : { ...plan, bindings };
}

/** Counters take another octet now and then. */
const growth = 1.03;

export const get = { type: "getRequest", maxRepetitions: 0 } as const;

/** Told once: undefined when every name was answered. */
type Told = (error: SnmpError | undefined) => void;

/** All chunks are under way at once. */
function runGet(to: Conversation, prepared: Prepared, ask: Ask): Promise<Result<Cells, SnmpError>> {
  const { plan } = prepared;
  // Callbacks below: a promise for each datagram would cost as much as reading it.
  return new Promise((resolve) => {
    const run: Run = { to, ask, names: plan.names, cells: undefined, bindings: 0 };
    const told = all(plan.chunks.length, (error) => {
      if (error === undefined) {
        const next = tighter(to, plan, run.bindings);
        if (next !== plan) prepared.plan = kept(next);
      } else if (error.kind === "timeout" && plan.bindings !== undefined && run.bindings > 0) {
        // Some answered. One that grew beyond a datagram is fragments, which a firewall may drop: back to what got through.
        to.learnt.packsBySize = false;
        prepared.plan = kept(planGet(to, namesIn(plan)));
      }
      resolve(error === undefined ? ok(cellsOf(run)) : err(error));
    });
    for (const chunk of plan.chunks) askFor(run, chunk, told);
  });
}

/** A GET under way. */
interface Run {
  readonly to: Conversation;
  readonly ask: Ask;
  readonly names: number;
  /** Undefined until the first answer: what a thousand slow routers are waited for should be small. */
  cells: Cells | undefined;
  /** Octets of the bindings answered so far. */
  bindings: number;
}

function cellsOf(run: Run): Cells {
  run.cells ??= takeCells(run.names);
  return run.cells;
}

/** Tells when `count` were told: the first error, if there was one. */
function all(count: number, told: Told): Told {
  let left = count;
  let failed: SnmpError | undefined;
  if (count === 0) told(undefined);
  return (error) => {
    failed ??= error;
    left -= 1;
    if (left === 0) told(failed);
  };
}

function askFor(run: Run, chunk: Chunk, told: Told): void {
  const { to, ask } = run;
  let status = 0;
  let index = 0;
  const accept: Accept = (r) => {
    status = r.errorStatus;
    index = r.errorIndex;
    const verdict = takeGetAnswer(r, chunk, cellsOf(run), chunk.from);
    if (verdict === "accepted") run.bindings += r.end - r.bindingsFrom;
    return verdict;
  };
  request(to, ask, chunk, accept, (failure) => {
    if (failure === undefined && status === 0) return told(undefined);
    const names = namesOf(chunk);
    const what = asked(to, ask, "GET", spelt(names[0]) ?? "", names.length - 1);
    if (failure !== undefined) return told(exchangeError(what, failure));
    const reason = errorStatuses[status] ?? status;
    if (reason !== "tooBig" || names.length < 2) {
      return told(statusError(what, reason, spelt(names[index - 1])));
    }
    const half = Math.ceil(names.length / 2);
    to.learnt.mostNames = Math.min(to.learnt.mostNames, half);
    const both = all(2, told);
    for (const [at, part] of [
      [chunk.from, names.slice(0, half)],
      [chunk.from + half, names.slice(half)],
    ] as const) {
      askFor(run, chunkOf(templateFor(to.peer, get, part), at), both);
    }
  });
}

function spelt(name: Uint8Array | undefined): string | undefined {
  return name && formatOid(decodeOid(name, 0, name.length) ?? []);
}

/** The answer must bind exactly the names asked, in that order (RFC 3416 section 4.2.1). */
export function takeGetAnswer(
  r: ResponseReader,
  template: RequestTemplate,
  cells: Cells,
  from: number,
): "accepted" | "wrongOid" | "malformed" {
  if (r.errorStatus === 0 && takeUsual(r, template, cells, from)) return "accepted";
  rewind(r);
  const names = namesOf(template);
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

/**
 * Reads an answer whose lengths are all of one octet, which nearly every answer is, in one pass over its octets:
 * a third of what stepping from binding to binding costs. False, with cells half written, for any other.
 */
function takeUsual(r: ResponseReader, template: RequestTemplate, cells: Cells, from: number): boolean {
  const { bytes, end } = r;
  const { bytes: asked, names: count } = template;
  let at = r.bindingsFrom;
  // A binding that asks: its head, the name's head, the name, a null.
  let askedAt = template.bindingsAt;
  for (let i = 0; i < count; i++) {
    if (at + 4 > end || (asked[askedAt + 1] ?? 0x80) > 0x7f) return false;
    const length = asked[askedAt + 3] ?? 0;
    const binding = bytes[at + 1] ?? 0;
    const valueFrom = at + 6 + length;
    const valueTo = at + 2 + binding;
    if (bytes[at] !== tagSequence || binding > 0x7f || valueTo > end || valueFrom > valueTo) return false;
    if (bytes[at + 2] !== tagOid || bytes[at + 3] !== length) return false;
    if (bytes[valueFrom - 1] !== valueTo - valueFrom) return false;
    // From the back: names in one table differ in their last octets.
    for (let k = askedAt + 3 + length, octet = valueFrom - 3; k > askedAt + 3; k--, octet--) {
      if (bytes[octet] !== asked[k]) return false;
    }
    setCellFrom(cells, from + i, bytes, bytes[valueFrom - 2] ?? 0, valueFrom, valueTo);
    at = valueTo;
    askedAt += 6 + length;
  }
  return at === end;
}
