// The search for a path's MTU: which size to send next, and what the answers mean (RFC 4821 in small). Sizes are octets of
// IP packets. No I/O and no clock.

import type { MtuResult } from "../estate/tracing.ts";
import { mostUnheard } from "./overflow.ts";

/** A small packet, which passes wherever anything does: every link of IPv4 carries 68 octets, of IPv6 1,280. */
export const controlSize = 100;
/** What Ethernet carries, and what Azure's gateways leave of it: tried before any number in between. */
const usual: readonly number[] = [1_500, 1_400];
const tries = 3;
/** A size may lose so many tries to plain loss, told by a small packet that was lost too, before the search gives up. */
const mostVoid = 4;
/** A search takes some 40 packets at the worst; one that needs more is led around. */
const mostPackets = 120;

export type SizeAnswer =
  | { readonly kind: "answered" }
  | { readonly kind: "lost" }
  /** This host dropped what may have been its answer. */
  | { readonly kind: "unheard" }
  /** This host would not send it: its interface is smaller. */
  | { readonly kind: "refused" }
  /** `mtu`: of the next hop, as `by` names it; undefined when it does not. */
  | { readonly kind: "tooBig"; readonly mtu: number | undefined; readonly by: string };

type Heard = Exclude<SizeAnswer, { readonly kind: "unheard" }>;

export interface MtuOutcome {
  readonly result: MtuResult;
  readonly mtu: number | undefined;
  readonly by: string | undefined;
}

export interface MtuSearch {
  /** The size to send now. */
  next(): number;
  /** What came of that. */
  take(answer: SizeAnswer): void;
  outcome(): MtuOutcome | undefined;
}

/** `most`: what must get through; nothing larger is tried. */
export function createMtuSearch(most: number): MtuSearch {
  /** The largest that was answered, and the least that was not, with the reason. */
  let low = 0;
  let high = most + 1;
  let limit: "none" | "tooBig" | "refused" | "vanished" = "none";
  let by: string | undefined;
  /** A router's word for what would pass. */
  let named: number | undefined;
  let confirmed = false;

  let size = controlSize;
  /** A lost packet is followed by a small one, which tells whether only large ones are lost. */
  let checking = false;
  let lost = 0;
  let voided = 0;
  let packets = 0;
  let unheard = 0;
  let outcome: MtuOutcome | undefined;

  const finish = (result: MtuResult, mtu: number | undefined) => {
    outcome = { result, mtu, by: result === "limited" ? by : undefined };
  };

  function proceed(): void {
    [lost, voided, checking] = [0, 0, false];
    const told = limit === "tooBig" && low === named;
    if (low === most) finish("whole", low);
    else if (high - low > 1 && !told) size = choose();
    else if (limit === "tooBig") finish("limited", low);
    else if (limit === "refused") finish("ownInterface", low);
    // Chance can take three large packets in a row once, hardly twice.
    else if (confirmed) finish("blackHole", low);
    else {
      confirmed = true;
      size = high;
    }
  }

  function choose(): number {
    const between = (n: number | undefined): n is number => n !== undefined && n > low && n < high;
    if (limit === "none") return most;
    if (between(named)) return named;
    return usual.find(between) ?? Math.floor((low + high) / 2);
  }

  function passed(): void {
    low = size;
    // It vanished before, and does no longer: what was learnt above it is void.
    if (high <= low) [high, limit, confirmed] = [most + 1, "none", false];
    proceed();
  }

  function failed(why: typeof limit): void {
    [high, limit] = [size, why];
    proceed();
  }

  function takeFirst(answer: Heard): void {
    if (answer.kind === "answered") {
      low = controlSize;
      proceed();
    } else if (answer.kind !== "lost" || ++lost === tries) finish("unanswered", undefined);
  }

  function takeCheck(answer: Heard): void {
    checking = false;
    if (answer.kind === "answered") lost++;
    else voided++;
    if (voided > mostVoid) finish("lossy", undefined);
    else if (lost === tries) failed("vanished");
  }

  function takeSize(answer: Heard): void {
    switch (answer.kind) {
      case "answered":
        passed();
        return;
      case "lost":
        checking = true;
        return;
      case "refused":
        failed("refused");
        return;
      case "tooBig":
        by = answer.by;
        // What a router cannot mean is not believed: no less than what it refused, or no more than what has passed.
        named = answer.mtu !== undefined && answer.mtu < size && answer.mtu > low ? answer.mtu : undefined;
        failed("tooBig");
    }
  }

  return {
    next: () => (checking ? controlSize : size),
    take(answer) {
      if (answer.kind === "unheard") {
        // The next is the same again.
        if (++unheard > mostUnheard) finish("unheard", undefined);
      } else if (++packets > mostPackets) finish("lossy", undefined);
      else if (low === 0) takeFirst(answer);
      else if (checking) takeCheck(answer);
      else takeSize(answer);
    },
    outcome: () => outcome,
  };
}
