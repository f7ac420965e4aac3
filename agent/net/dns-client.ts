// Questions to DNS servers, by Node's own resolver (c-ares). Every question has a resolver of its own: the servers of one
// check must not tell another, and nothing may be remembered. Neither /etc/hosts nor search domains are looked at, and
// none of libuv's few threads is held by a server that hangs, as getaddrinfo would.

import { createSocket } from "node:dgram";
import { promises as dns } from "node:dns";
import { isIPv6 } from "node:net";
import { ok, type Result } from "../lib/result.ts";
import { type ClientFault, codeOf, fault, socketFault } from "./client-fault.ts";

export interface Question {
  readonly name: string;
  readonly type: "A" | "AAAA" | "CNAME";
  /** `address:port`, asked in order; empty: those of this host. */
  readonly servers: readonly string[];
  readonly source: string | undefined;
  /** Milliseconds that the caller waits at most. */
  readonly patience: number;
}

export interface Answers {
  /** In the order of the answer, at most `mostAnswers`. */
  readonly values: readonly string[];
  /** Least time to live in seconds; undefined where c-ares does not tell (CNAME). */
  readonly ttl: number | undefined;
}

const mostAnswers = 64;

const faults: Readonly<Record<string, readonly [ClientFault["reason"], string]>> = {
  ENOTFOUND: ["nxdomain", "the name does not exist (NXDOMAIN)"],
  ENODATA: ["noData", "the name exists, and has no record of this type (NODATA)"],
  ESERVFAIL: ["servfail", "the server failed (SERVFAIL)"],
  EREFUSED: ["refused", "the server refuses to answer us (REFUSED)"],
  ENOTIMP: ["malformed", "the server does not implement the question (NOTIMP)"],
  EFORMERR: ["malformed", "the server calls the question malformed (FORMERR)"],
  EBADRESP: ["malformed", "the answer is malformed"],
  EBADNAME: ["malformed", "the name or the answer is malformed"],
  EBADSTR: ["malformed", "the answer is malformed"],
  ETIMEOUT: ["timeout", "no answer"],
  ECANCELLED: ["timeout", "no answer"],
  ECONNREFUSED: ["unreachable", "no server takes the question: nothing listens there, or there is no way to it"],
};

/** What one server says so that the next is asked, as stub resolvers do; c-ares, as Node sets it up, does not. */
const asksNext: readonly ClientFault["reason"][] = ["servfail", "refused", "malformed", "unreachable", "timeout"];

/** `signal` ends it at the deadline. */
export async function ask(question: Question, signal: AbortSignal): Promise<Result<Answers, ClientFault>> {
  const servers = question.servers.length > 0 ? question.servers : new dns.Resolver().getServers();
  let last: Result<Answers, ClientFault> = fault("unreachable", "this host has no DNS server");
  for (const server of servers) {
    if (signal.aborted) break;
    // Each is asked twice, so that one datagram may be lost, and leaves time for those after it.
    last = await askOne(server, question, Math.max(1, Math.floor(question.patience / servers.length / 2)), signal);
    if (last.ok || !asksNext.includes(last.error.reason)) break;
  }
  return last;
}

async function askOne(
  server: string,
  { name, type, source }: Question,
  timeout: number,
  signal: AbortSignal,
): Promise<Result<Answers, ClientFault>> {
  const resolver = new dns.Resolver({ timeout, tries: 2, maxTimeout: timeout });
  const cancel = () => resolver.cancel();
  try {
    resolver.setServers([server]);
    if (source !== undefined) resolver.setLocalAddress(source);
    signal.addEventListener("abort", cancel, { once: true });
    if (type === "CNAME")
      return ok({ values: (await resolver.resolveCname(name)).slice(0, mostAnswers), ttl: undefined });
    const records = await (type === "A"
      ? resolver.resolve4(name, { ttl: true })
      : resolver.resolve6(name, { ttl: true }));
    const values = records.slice(0, mostAnswers).map(({ address }) => address);
    return ok({ values, ttl: Math.min(...records.map(({ ttl }) => ttl)) });
  } catch (error) {
    const known = faults[codeOf(error)];
    if (known === undefined) return fault("malformed", `the answer cannot be used (${codeOf(error)})`);
    // c-ares has one code for a server that is not there and for a source address that is not ours.
    const ours = known[0] === "unreachable" && source !== undefined ? await cannotBind(source) : undefined;
    return ours ?? fault(...known);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

async function cannotBind(source: string) {
  const socket = createSocket(isIPv6(source) ? "udp6" : "udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ address: source, port: 0 }, resolve);
    });
    return undefined;
  } catch (error) {
    return socketFault(error);
  } finally {
    socket.close();
  }
}
