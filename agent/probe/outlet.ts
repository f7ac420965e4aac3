// One socket for every (technique, source) in use; opened again when it could not be.

import type { ProbeTechnique } from "../estate/estate.ts";
import { type Instant, later } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { err, type Result } from "../lib/result.ts";
import {
  type Outgoing,
  type ProbeSocket,
  type ProbeSocketError,
  type ProbeSockets,
  parseIpv4,
} from "../net/probe-sockets.ts";
import type { ProbeLog } from "./messages.ts";

/** An address that did not exist may have come up: try again this often. */
const retryAfter = seconds(5);

export interface Outlet {
  readonly technique: ProbeTechnique;
  /** Its STAMP packets are those of the authenticated mode. */
  readonly authenticated: boolean;
  /** Undefined while it cannot be opened. */
  socket(): ProbeSocket | undefined;
  /** Opens the socket, or does nothing when it is open or was tried a moment ago. */
  open(now: Instant): Promise<void>;
  /** What is to be sent in this turn. */
  readonly outbox: Outgoing[];
  /** Every arrival up to here has been read. */
  readUntil: Instant;
  /** ICMP sequence of the next probe. */
  nextTag(): number;
}

export function createOutlet(
  sockets: ProbeSockets,
  technique: ProbeTechnique,
  source: string | undefined,
  log: (line: ProbeLog) => void,
  authenticated = false,
): Outlet {
  let socket: ProbeSocket | undefined;
  let problem = "";
  let tryAt: Instant | undefined;
  let tag = 0;

  async function attempt(): Promise<Result<ProbeSocket, ProbeSocketError>> {
    const address = source === undefined ? undefined : parseIpv4(source);
    if (source !== undefined && address === undefined) {
      return err({
        kind: "failed",
        message: `the source ${source} is not an IPv4 address: only IPv4 is probed so far`,
      });
    }
    const from = address === undefined ? undefined : { address, port: 0 };
    return technique === "icmp" ? sockets.openIcmp(from) : sockets.openUdp(from);
  }

  return {
    technique,
    authenticated,
    socket: () => socket,
    outbox: [],
    readUntil: 0 as Instant,
    nextTag() {
      tag = (tag + 1) & 0xffff;
      return tag;
    },
    async open(now) {
      if (socket !== undefined || (tryAt !== undefined && now < tryAt)) return;
      tryAt = later(now, retryAfter);
      const opened = await attempt();
      const fields = { technique, source: source ?? "any" };
      if (opened.ok) {
        socket = opened.value;
        log({ kind: "log", level: "info", fields: { ...fields, raw: socket.raw }, message: "probe socket open" });
      } else if (opened.error.message !== problem) {
        problem = opened.error.message;
        log({
          kind: "log",
          level: "warn",
          fields: { ...fields, reason: opened.error.kind },
          message: `cannot probe: ${problem}`,
        });
      }
    },
  };
}
