// Walking a table by GETNEXT of SNMPv1 (RFC 1157 section 4.1.3): its columns side by side, one row at a time.

import { err, ok, type Result } from "../lib/result.ts";
import { errorStatuses } from "../wire/snmp/message.ts";
import { decodeOid, formatOid } from "../wire/snmp/oid.ts";
import { nextBinding, type ResponseReader, rewind } from "../wire/snmp/response.ts";
import { createWalk, namesToAsk, takeBulkAnswer, type WalkStep } from "../wire/snmp/walk.ts";
import { type Asked, exchangeError, type SnmpError, statusError } from "./snmp-error.ts";
import { type Ask, asked, type Conversation, submit, templateFor } from "./snmp-peer.ts";
import { mostRows, notIncreasing, type Outcome, tooManyRows, type WalkPlan } from "./snmp-walk.ts";

const getNext = { type: "getNextRequest", maxRepetitions: 0 } as const;

/** A column ends with a name behind it, or at the end of the MIB with noSuchName. */
export async function walkByNext(
  to: Conversation,
  plan: WalkPlan,
  group: readonly number[],
  ask: Ask,
): Promise<Outcome> {
  const columns = group.map((i) => plan.columns[i] ?? new Uint8Array(0));
  const walk = createWalk(columns, plan.rows);
  while (walk.active.length > 0) {
    const names = namesToAsk(walk);
    const answer = await askNext(to, ask, names, (r) => takeBulkAnswer(walk, r));
    if (!answer.ok) return answer.error;
    if (answer.value === "tooWide") return { kind: "tooWide" };
    if (answer.value === "notIncreasing") return notIncreasing(askedNext(to, ask, names), walk);
    if (answer.value === "noSuchName") {
      const ended = await endedOf(to, ask, names);
      if (!ended.ok) return ended.error;
      // Each has a next name, and together they have none: only alone they can be walked.
      if (!ended.value.includes(true)) return { kind: "tooWide" };
      walk.active = walk.active.filter((_, slot) => !ended.value[slot]);
    }
    if (walk.rows.length > mostRows) return tooManyRows(askedNext(to, ask, names));
  }
  return { kind: "end", table: walk };
}

/** Behind which of the names nothing follows. Each is asked alone: an errorIndex is a hint only, some agents count from 0. */
async function endedOf(
  to: Conversation,
  ask: Ask,
  names: readonly Uint8Array[],
): Promise<Result<readonly boolean[], SnmpError>> {
  if (names.length === 1) return ok([true]);
  const alone = await Promise.all(names.map((name) => askNext(to, ask, [name], () => "more")));
  const ended: boolean[] = [];
  for (const answer of alone) {
    if (!answer.ok) return answer;
    ended.push(answer.value === "noSuchName");
  }
  return ok(ended);
}

/** `take` gets an answer that binds one name for each asked. `tooWide`: these names are too many for one answer. */
async function askNext(
  to: Conversation,
  ask: Ask,
  names: readonly Uint8Array[],
  take: (r: ResponseReader) => WalkStep,
): Promise<Result<WalkStep | "noSuchName", SnmpError>> {
  let step: WalkStep = "malformed";
  let status = 0;
  let index = 0;
  const failure = await submit(to, ask, templateFor(to.peer, getNext, names), (r) => {
    status = r.errorStatus;
    index = r.errorIndex;
    let bound = 0;
    for (rewind(r); nextBinding(r); ) bound += 1;
    if (r.fault !== undefined) return "malformed";
    if (status !== 0) return "accepted";
    if (bound !== names.length) return "wrongOid";
    step = take(r);
    return step === "malformed" ? "malformed" : "accepted";
  });
  if (failure !== undefined) return err(exchangeError(askedNext(to, ask, names), failure));
  if (status === 0) return ok(step);
  const reason = errorStatuses[status] ?? status;
  if (reason === "noSuchName") return ok("noSuchName");
  if (reason === "tooBig" && names.length > 1) return ok("tooWide");
  const at = names[index - 1];
  return err(statusError(askedNext(to, ask, names), reason, at && textOf(at)));
}

function askedNext(to: Conversation, ask: Ask, names: readonly Uint8Array[]): Asked {
  const [first = new Uint8Array(0)] = names;
  return asked(to, ask, "GETNEXT", textOf(first), names.length - 1);
}

function textOf(name: Uint8Array): string {
  return formatOid(decodeOid(name, 0, name.length) ?? []);
}
