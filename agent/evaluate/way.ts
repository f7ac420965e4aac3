// Which way a trace left: the first far end of a link among its hops says over which link, and a public hop where there is no
// far end that it left through the internet.

import { type Address, notPublic, overlap, parseAddress, subnetOf } from "../estate/address.ts";
import { type Estate, type Path, pathsOf } from "../estate/estate.ts";
import type { TraceHop, TraceObservation } from "../estate/tracing.ts";

export type Way =
  | { readonly kind: "own" }
  | { readonly kind: "otherLink"; readonly path: Path; readonly hop: TraceHop }
  | { readonly kind: "internet"; readonly hop: TraceHop }
  /** No hop tells. */
  | { readonly kind: "unclear" };

/** A far end that is one of the subject's own. Several paths may have one address: private subnets return. */
export type IsOwn = (path: Path) => boolean;

interface Known {
  /** By the address of the MSEE, or of the provider's edge. */
  readonly farEnds: ReadonlyMap<string, readonly Path[]>;
  /** Addresses of our routers. */
  readonly routers: ReadonlySet<string>;
}

const knownOf = new WeakMap<Estate, Known>();

export function wayOf(trace: TraceObservation, isOwn: IsOwn, estate: Estate): Way {
  const { farEnds, routers } = addressesOf(estate);
  let before: TraceHop | undefined;
  let outside: TraceHop | undefined;
  let afterGap = false;
  for (const hop of trace.hops) {
    const { address } = hop;
    const paths = address === undefined ? undefined : farEnds.get(address);
    if (paths !== undefined) {
      if (paths.some(isOwn)) return { kind: "own" };
      const path = paths[0];
      if (path !== undefined) return { kind: "otherLink", path, hop };
    }
    if (outside === undefined && address !== undefined && address !== trace.target && !routers.has(address)) {
      if (isOutside(address, estate)) {
        outside = hop;
        afterGap = before !== undefined && before.address === undefined;
      }
    }
    before = hop;
  }
  if (outside === undefined) return { kind: "unclear" };
  // An MSEE that answers nothing looks like this too, when what is behind it has public addresses.
  if (afterGap && isOutside(trace.target, estate)) return { kind: "unclear" };
  return { kind: "internet", hop: outside };
}

function isOutside(text: string, { tracing }: Estate): boolean {
  const address = parseAddress(text);
  if (address === undefined) return false;
  const alone = hostSubnet(address);
  return notPublic(alone) === undefined && !tracing?.ownPrefixes.some((prefix) => overlap(prefix, alone));
}

function hostSubnet(address: Address) {
  return subnetOf(address, address.family === 4 ? 32 : 128);
}

function addressesOf(estate: Estate): Known {
  const known = knownOf.get(estate);
  if (known !== undefined) return known;
  const paths = pathsOf(estate);
  const made: Known = {
    farEnds: Map.groupBy(paths, ({ session }) => session.remoteAddress),
    routers: new Set([
      ...[...estate.routers.values()].flatMap(({ address, notifications }) => [address, ...notifications.addresses]),
      ...paths.flatMap(({ session }) => session.localAddress ?? []),
    ]),
  };
  knownOf.set(estate, made);
  return made;
}
