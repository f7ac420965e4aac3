// Decoders that are broken on purpose, to see that the fuzzer finds it.

import type { takeGetAnswer } from "../../../agent/net/snmp-get.ts";
import { setCell } from "../../../agent/wire/snmp/cells.ts";
import { nextBinding, rewind } from "../../../agent/wire/snmp/response.ts";
import type { FuzzTarget } from "../target.ts";
import { getsWith } from "../targets/messages.ts";

const broken = (name: string, read: (octets: Uint8Array) => string): FuzzTarget => ({
  name,
  weight: 1,
  exercises: [],
  // A long form length in an honest message would be a fault already.
  seed: (dice) => ({ bytes: Uint8Array.of(0x30, 6, 0x04, 4, ...dice.octets(4).map((octet) => octet & 0x3f)), read }),
});

/** True of messages that no honest router sends. */
const isOdd = (octets: Uint8Array) => octets[1] === 0x84;

/** Believes the length before it looks at what is there. */
export const throws = broken("throws", (octets) => {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  for (let at = 0; at < octets.length; at += 2 + view.getUint8(at + 1)) view.getUint8(at);
  return "accepted";
});

/** Does not go on at an odd message. */
export const loops = broken("loops", (octets) => {
  while (isOdd(octets));
  return "accepted";
});

/** Takes 30 ms of `clock` for an odd message; with `everyTime` false, the first time only, as a collection would. */
export function slow(clock: { now: number }, everyTime: boolean): FuzzTarget {
  let stalled = false;
  return broken("slow", (octets) => {
    clock.now += 0.01;
    if (!isOdd(octets) || (stalled && !everyTime)) return "accepted";
    stalled = true;
    clock.now += 30;
    return "accepted";
  });
}

/** Takes the values of an answer to a GET whatever their names. */
const careless: typeof takeGetAnswer = (r, { names: asked }, cells, from) => {
  rewind(r);
  let count = 0;
  while (nextBinding(r)) if (count < asked) setCell(cells, from + count++, r);
  return r.fault === undefined && count === asked ? "accepted" : "malformed";
};
export const acceptsOtherNames: FuzzTarget = { ...getsWith(careless), name: "accepts other names" };

export const targets: readonly FuzzTarget[] = [loops];
