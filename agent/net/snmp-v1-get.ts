// GET of SNMPv1 (RFC 1157 section 4.1.2), which has no exceptions: one instance that is not there makes the whole
// answer noSuchName. The others are asked again at once, and what is not there is remembered, so that a poll is one
// round trip again.

import { err, ok, type Result } from "../lib/result.ts";
import { type Cells, copyCell, createCells, setAbsent } from "../wire/snmp/cells.ts";
import { errorStatuses } from "../wire/snmp/message.ts";
import { encodeOid, formatOid, type Oid } from "../wire/snmp/oid.ts";
import type { RequestTemplate } from "../wire/snmp/request.ts";
import { exchangeError, type SnmpError, statusError } from "./snmp-error.ts";
import { type GetPlan, get, planGet, takeGetAnswer } from "./snmp-get.ts";
import { type Ask, asked, type Conversation, submit, templateFor } from "./snmp-peer.ts";

/** An instance that was not there: when it is asked for again, counted in polls of its list. */
interface Absence {
  readonly due: number;
  /** Polls from the last time to the next; doubled each time. */
  readonly pause: number;
}

/** What was there a moment ago is asked for soon; what never was costs next to nothing. */
const mostPause = 64;

/** Absent instances asked for in one poll: each alone, beside the others. */
const mostRetried = 4;

/** RFC 1157 section 4: the longest message that every agent must take. */
const leastLimit = 484;

/** What is known of one list of OIDs. Who looks instances up anew makes a new list, of which nothing is absent. */
interface ListPlan {
  readonly oids: readonly Oid[];
  /** By the place in the list. Each was asked alone: an errorIndex is a hint only, some agents count from 0. */
  readonly absences: Map<number, Absence>;
  polls: number;
  /** All others; undefined when an absence came or went. */
  present: { readonly places: readonly number[]; readonly packed: GetPlan } | undefined;
}

/** Names of the list, by their places in it, that travel in one datagram. */
interface Part {
  readonly places: readonly number[];
  /** An instance that travelled with these was not there. */
  readonly isRest: boolean;
}

interface Poll {
  readonly to: Conversation;
  readonly list: ListPlan;
  /** Octets of the longest request that the router has answered; 0 before the first. */
  readonly answered: { longest: number };
  readonly cells: Cells;
  readonly ask: Ask;
}

type Get = (oids: readonly Oid[], ask: Ask) => Promise<Result<Cells, SnmpError>>;

/** One cell per OID, in the order asked. */
export function createV1Get(to: Conversation): Get {
  const answered = { longest: 0 };
  const lists = new WeakMap<readonly Oid[], ListPlan>();
  return async (oids, ask) => {
    let list = lists.get(oids);
    if (list === undefined) {
      list = { oids, absences: new Map(), polls: 0, present: undefined };
      lists.set(oids, list);
    }
    list.polls += 1;
    const cells = createCells(oids.length);
    for (const place of list.absences.keys()) setAbsent(cells, place);
    const failed = await poll({ to, list, answered, cells, ask });
    return failed === undefined ? ok(cells) : err(failed);
  };
}

async function poll(of: Poll): Promise<SnmpError | undefined> {
  const { places, packed } = presentOf(of);
  const present = packed.chunks.map((chunk) =>
    askPart(of, { places: places.slice(chunk.from, chunk.from + chunk.names), isRest: false }, chunk),
  );
  const retried = dueOf(of, present.length === 0).map((place) => [place]);
  return firstError([...present, ...askAnew(of, retried, true)]);
}

function presentOf({ to, list }: Poll): NonNullable<ListPlan["present"]> {
  if (list.present === undefined || list.present.packed.most > to.learnt.mostNames) {
    const places = [...list.oids.keys()].filter((place) => !list.absences.has(place));
    const names = places.map((place) => encodeOid(list.oids[place] ?? []));
    list.present = { places, packed: planGet(to, names) };
  }
  return list.present;
}

/** Absent instances to ask for in this poll. A poll that asks for nothing would call a dead router well. */
function dueOf({ list }: Poll, atLeastOne: boolean): readonly number[] {
  const soonest = [...list.absences].sort(([, a], [, b]) => a.due - b.due).slice(0, mostRetried);
  return soonest.flatMap(([place, { due }], i) => (due <= list.polls || (atLeastOne && i === 0) ? [place] : []));
}

function askAnew(of: Poll, groups: readonly (readonly number[])[], isRest: boolean): Promise<SnmpError | undefined>[] {
  return groups.map((places) => {
    const names = places.map((place) => encodeOid(of.list.oids[place] ?? []));
    return askPart(of, { places, isRest }, templateFor(of.to.peer, get, names));
  });
}

async function firstError(asking: readonly Promise<SnmpError | undefined>[]): Promise<SnmpError | undefined> {
  return (await Promise.all(asking)).find((error) => error !== undefined);
}

/** Each further request holds fewer names than the one before, so whatever is answered, it ends. */
async function askPart(of: Poll, part: Part, template: RequestTemplate): Promise<SnmpError | undefined> {
  const { to, list, cells, ask } = of;
  const { places, isRest } = part;
  const values = createCells(places.length);
  let status = 0;
  let index = 0;
  const failure = await submit(to, ask, template, (r) => {
    status = r.errorStatus;
    index = r.errorIndex;
    return takeGetAnswer(r, template, values, 0);
  });
  const [first = 0] = places;
  const what = () => asked(to, ask, "GET", formatOid(list.oids[first] ?? []), places.length - 1);
  if (failure !== undefined) {
    if (failure.kind === "timeout") doubtLength(of, template);
    return exchangeError(what(), failure);
  }
  of.answered.longest = Math.max(of.answered.longest, template.bytes.length);
  if (status === 0) {
    for (const [i, place] of places.entries()) copyCell(cells, place, values, i);
    if (list.absences.has(first)) forget(list);
    return undefined;
  }
  const reason = errorStatuses[status] ?? status;
  if (reason === "noSuchName") {
    if (places.length > 1) return firstError(askAnew(of, withoutNamed(places, index, isRest), true));
    setAbsent(cells, first);
    remember(list, first);
    return undefined;
  }
  if (reason === "tooBig" && places.length > 1) {
    const [half = [], rest = []] = halves(places);
    to.learnt.mostNames = Math.min(to.learnt.mostNames, half.length);
    return firstError(askAnew(of, [half, rest], isRest));
  }
  const at = list.oids[places[index - 1] ?? -1];
  return statusError(what(), reason, at === undefined ? undefined : formatOid(at));
}

/** An agent that answers, and was silent to a request longer than any it has answered, may take no longer ones. */
function doubtLength({ to, answered }: Poll, { bytes, bindingsAt, names }: RequestTemplate): void {
  if (answered.longest === 0 || answered.longest > leastLimit || bytes.length <= leastLimit) return;
  const bindings = bytes.length - bindingsAt;
  const fitting = Math.floor((names * (leastLimit - bytes.length + bindings)) / bindings);
  to.learnt.mostNames = Math.min(to.learnt.mostNames, Math.max(1, fitting));
}

/** The one that the router named alone, and the rest; in halves where more than one is missing, or none was named. */
function withoutNamed(places: readonly number[], index: number, isRest: boolean): readonly (readonly number[])[] {
  const named = places[index - 1];
  if (named === undefined) return halves(places);
  const rest = places.filter((place) => place !== named);
  return [[named], ...(isRest && rest.length > 1 ? halves(rest) : [rest])];
}

function halves<T>(all: readonly T[]): readonly (readonly T[])[] {
  const half = Math.ceil(all.length / 2);
  return [all.slice(0, half), all.slice(half)];
}

function remember(list: ListPlan, place: number): void {
  const before = list.absences.get(place);
  if (before === undefined) list.present = undefined;
  const pause = before === undefined ? 1 : Math.min(2 * before.pause, mostPause);
  list.absences.set(place, { pause, due: list.polls + pause });
}

/** One that has come may have come with others, as when an agent has started: the next poll asks for all. */
function forget(list: ListPlan): void {
  list.absences.clear();
  list.present = undefined;
}
