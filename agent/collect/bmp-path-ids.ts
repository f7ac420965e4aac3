// Whether the prefixes of a peer carry path identifiers. RFC 7854 section 4.2 has the OPENs of its Peer Up decide, but FRR
// leaves the identifiers out whatever the OPENs agreed on (8.4, see test/captures/bmp/), and a prefix that is read the
// wrong way is another prefix. So where identifiers were agreed on, the messages themselves are asked first.

import type { BgpFault } from "../wire/bgp/fault.ts";
import { hasPathIds, type OpenMessage } from "../wire/bgp/open.ts";
import { afiIpv4, afiIpv6, type PathIds, readUpdate, safiUnicast, type UpdateLayout } from "../wire/bgp/update.ts";

export interface PathIdReader {
  /** As `readUpdate`. */
  read(bytes: Uint8Array, at: number, end: number, into: UpdateLayout): BgpFault | undefined;
}

const never: PathIds = () => false;

export const withoutPathIds: PathIdReader = {
  read: (bytes, at, end, into) => readUpdate(bytes, at, end, never, into),
};

/** For what the peer sends to the router (`received` of it, `sent` by the router), or the other way round. */
export function pathIdReader(sender: OpenMessage | undefined, receiver: OpenMessage | undefined): PathIdReader {
  if (sender === undefined || receiver === undefined) return withoutPathIds;
  const agreed = [afiIpv4, afiIpv6].filter((afi) => hasPathIds(sender, receiver, { afi, safi: safiUnicast }));
  if (agreed.length === 0) return withoutPathIds;
  const asAgreed: PathIds = (afi, safi) => safi === safiUnicast && agreed.includes(afi);
  let settled: PathIds | undefined;
  return {
    read(bytes, at, end, into) {
      if (settled !== undefined) return readUpdate(bytes, at, end, settled, into);
      const bare = readUpdate(bytes, at, end, never, into);
      const first = bare === undefined ? firstOctet(bytes, into, asAgreed) : undefined;
      const fault = readUpdate(bytes, at, end, asAgreed, into);
      if (bare !== undefined) {
        // Neither reading: it is simply bad, and says nothing.
        if (fault === undefined) settled = asAgreed;
        return fault;
      }
      if (fault !== undefined) settled = never;
      // Both readings: identifiers are small numbers, counted up from 1, so that their first octet is 0.
      const isBare = fault !== undefined || (first !== undefined && first !== 0);
      return isBare ? readUpdate(bytes, at, end, never, into) : undefined;
    },
  };
}

/** Of the first range of an agreed family that has prefixes. */
function firstOctet(bytes: Uint8Array, layout: UpdateLayout, agreed: PathIds): number | undefined {
  const { withdrawn, nlri, mpReach, mpUnreach } = layout;
  const range = [withdrawn, nlri, mpReach, mpUnreach].find(({ afi, safi, from, to }) => agreed(afi, safi) && from < to);
  return range && bytes[range.from];
}
