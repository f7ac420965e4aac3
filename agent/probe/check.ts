// One check of a service or an internet dependency, from its first packet to its result. Each makes a connection of its
// own, so that each measures one.

import { formatAddress, notPublic, parseAddress, subnetOf } from "../estate/address.ts";
import type { DnsCheck, HttpCheck, HttpProxy, ServiceCheck, TcpCheck } from "../estate/service.ts";
import type { CertificateInfo, CheckFailure, CheckPhase, CheckResult } from "../estate/service-observation.ts";
import type { Clock, Instant } from "../lib/clock.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { ask } from "../net/dns-client.ts";
import { exchange, type HttpAnswer } from "../net/http-client.ts";
import { openTunnel, proxyWantsCredentials } from "../net/http-proxy.ts";
import { type Connection, connectTcp } from "../net/tcp-client.ts";
import { startTls } from "../net/tls-client.ts";

type Fault = { readonly reason: CheckFailure; readonly detail: string };
type Step<T> = Result<T, Fault>;

/** The course of one check: which phase it is in, how long each took, and what was seen on the way. */
interface Course {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly authorization: string | undefined;
  phase: CheckPhase;
  /** When the present phase began. */
  since: Instant;
  readonly phases: Partial<Record<CheckPhase, number>>;
  seen: Pick<CheckResult, "address" | "status" | "certificates" | "certificateTimeLeft" | "answers" | "ttl">;
}

/**
 * Ends at the timeout of the check at the latest; never rejects for anything that the far end did. `authorization`: what its
 * proxy is told (Proxy-Authorization); a check that runs in a worker has no credentials, for a Secret does not cross threads.
 */
export async function runCheck(clock: Clock, check: ServiceCheck, authorization?: string): Promise<CheckResult> {
  const deadline = new AbortController();
  const cancel = clock.after(check.timeout, () => deadline.abort());
  const startedAt = clock.now();
  const course: Course = {
    clock,
    signal: deadline.signal,
    authorization,
    phase: "dns",
    since: startedAt,
    phases: {},
    seen: {},
  };
  try {
    const end = await run(course, check);
    const failure = end.ok ? undefined : { phase: course.phase, reason: end.error.reason, detail: end.error.detail };
    return { failure, phases: course.phases, total: (clock.now() - startedAt) / 1_000, ...course.seen };
  } finally {
    cancel();
  }
}

function run(course: Course, check: ServiceCheck): Promise<Step<void>> {
  switch (check.technique) {
    case "tcp":
      return runTcp(course, check);
    case "http":
      return runHttp(course, check);
    case "dns":
      return runDns(course, check);
  }
}

function begin(course: Course, phase: CheckPhase): void {
  course.phase = phase;
  course.since = course.clock.now();
}

function finish(course: Course): void {
  const { phase, since, phases, clock } = course;
  phases[phase] = (phases[phase] ?? 0) + (clock.now() - since) / 1_000;
}

async function timed<T, E extends Fault>(
  course: Course,
  phase: CheckPhase,
  step: Promise<Result<T, E>>,
): Promise<Result<T, E>> {
  begin(course, phase);
  const result = await step;
  if (result.ok) finish(course);
  return result;
}

async function runTcp(course: Course, check: TcpCheck): Promise<Step<void>> {
  const address = await locate(course, check, check.host);
  if (!address.ok) return address;
  const endpoint = { address: address.value, port: check.port, source: check.source };
  const connected = await timed(course, "connect", connectTcp(endpoint, course.signal));
  if (!connected.ok) return connected;
  connected.value.destroy();
  return ok(undefined);
}

/** The address to connect to: the host itself where it is one, else the first that DNS gives for the family. */
async function locate(
  course: Course,
  { family, resolvers, source, timeout }: TcpCheck | HttpCheck,
  host: string,
): Promise<Step<string>> {
  let address = host;
  if (parseAddress(host) === undefined) {
    const type = family === 4 ? "A" : "AAAA";
    // The source is of the family of the target, and DNS servers may be of another.
    const alike = resolvers.length > 0 && resolvers.every((server) => server.startsWith("[") === (family === 6));
    const question = {
      name: host,
      type,
      servers: resolvers,
      source: alike ? source : undefined,
      patience: timeout,
    } as const;
    const resolved = await timed(course, "dns", ask(question, course.signal));
    if (!resolved.ok) return err({ ...resolved.error, detail: `${host}: ${resolved.error.detail}` });
    const [first] = resolved.value.values;
    if (first === undefined) return err({ reason: "noData", detail: `${host} has no address` });
    address = first;
  }
  course.seen = { ...course.seen, address };
  return ok(address);
}

const redirecting: readonly number[] = [301, 302, 303, 307, 308];

async function runHttp(course: Course, check: HttpCheck): Promise<Step<void>> {
  let url = new URL(check.url);
  for (let followed = 0; ; followed++) {
    const first = followed === 0;
    const answer = await request(course, check, url, first);
    if (!answer.ok) return answer;
    const { status, location } = answer.value;
    course.seen = { ...course.seen, status };
    // Through a tunnel it would be the server's.
    if (check.proxy !== undefined && url.protocol === "http:" && status === 407) {
      return ofProxy(check.proxy, proxyWantsCredentials(course.authorization !== undefined));
    }
    if (check.redirects === 0 || !redirecting.includes(status) || location === undefined) return judged(check, status);
    if (followed === check.redirects) {
      return err({ reason: "tooManyRedirects", detail: `more than ${check.redirects} redirects` });
    }
    const next = URL.parse(location, url.href);
    if (next === null || !["http:", "https:"].includes(next.protocol)) {
      return err({ reason: "malformed", detail: "a redirect leads to no http or https URL" });
    }
    url = next;
  }
}

function judged({ status: right }: HttpCheck, status: number): Step<void> {
  if (right.some(({ from, to }) => from <= status && status <= to)) return ok(undefined);
  const wanted = right.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(", ");
  return err({ reason: "unexpectedStatus", detail: `answered with status ${status}, not ${wanted}` });
}

async function request(course: Course, check: HttpCheck, url: URL, first: boolean): Promise<Step<HttpAnswer>> {
  const { signal } = course;
  const secure = url.protocol === "https:";
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const opened = await open(course, check, url, first ? (check.address ?? name) : name);
  if (!opened.ok) return opened;
  let socket = opened.value;
  if (secure) {
    const serverName = (first ? check.serverName : undefined) ?? name;
    const now = course.clock.toEpoch(course.clock.now());
    const secured = await timed(course, "tls", startTls(socket, { serverName, ca: check.ca, now }, signal));
    const { certificates } = secured.ok ? secured.value : secured.error;
    if (first && certificates.length > 0) course.seen = { ...course.seen, ...ends(certificates, now) };
    if (!secured.ok) return secured;
    socket = secured.value.socket;
  }
  const host = (first ? check.hostHeader : undefined) ?? url.host;
  // Of what goes through the tunnel the proxy is told nothing, and the server nothing of the proxy.
  const byProxy = check.proxy !== undefined && !secure;
  const path = `${byProxy ? url.origin : ""}${url.pathname}${url.search}`;
  const authorization = byProxy ? course.authorization : undefined;
  begin(course, "firstByte");
  const came = () => {
    finish(course);
    begin(course, "answer");
  };
  const answer = await exchange(socket, { method: check.method, path, host, authorization }, came, signal);
  if (answer.ok) finish(course);
  return answer;
}

/** A connection to the server, or to the proxy, which for https leads on to the server. */
async function open(course: Course, check: HttpCheck, url: URL, host: string): Promise<Step<Connection>> {
  const { signal, authorization } = course;
  const { proxy, source } = check;
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const located = await locate(course, check, proxy?.host ?? host);
  if (!located.ok) return ofProxy(proxy, located);
  const endpoint = { address: located.value, port: proxy?.port ?? port, source };
  const connected = await timed(course, "connect", connectTcp(endpoint, signal));
  if (!connected.ok) return ofProxy(proxy, connected);
  if (proxy === undefined || !secure) return connected;
  const tunnel = { authority: `${url.hostname}:${port}`, authorization };
  return ofProxy(proxy, await timed(course, "proxy", openTunnel(connected.value, tunnel, signal)));
}

/** Who reads of a fault must know that it is the proxy's. */
function ofProxy<T>(proxy: HttpProxy | undefined, step: Step<T>): Step<T> {
  if (proxy === undefined || step.ok) return step;
  return err({ ...step.error, detail: `proxy ${proxy.name}: ${step.error.detail}` });
}

/** A date that cannot be read is no end; OpenSSL does not trust such a certificate. */
function ends(
  certificates: readonly CertificateInfo[],
  now: number,
): Pick<CheckResult, "certificates" | "certificateTimeLeft"> {
  const known = certificates.map(({ notAfter }) => notAfter).filter(Number.isFinite);
  if (known.length === 0) return { certificates };
  return { certificates, certificateTimeLeft: (Math.min(...known) - now) / 1_000 };
}

async function runDns(course: Course, check: DnsCheck): Promise<Step<void>> {
  const servers = check.resolver === undefined ? [] : [check.resolver];
  const { name, record: type, source, timeout: patience } = check;
  const asked = await timed(course, "dns", ask({ name, type, servers, source, patience }, course.signal));
  if (!asked.ok) return asked;
  const answers = asked.value.values.map(canonical).toSorted();
  course.seen = { answers, ttl: asked.value.ttl };
  return expected(check, answers);
}

/** One text for one address or name, so that answers compare. */
export function canonical(value: string): string {
  const address = parseAddress(value);
  return address === undefined ? value.toLowerCase().replace(/\.$/, "") : formatAddress(address);
}

function expected({ expect, mustBePrivate }: DnsCheck, answers: readonly string[]): Step<void> {
  const open = mustBePrivate ? answers.filter((answer) => !isPrivate(answer)) : [];
  if (open.length > 0) {
    return err({ reason: "notPrivate", detail: `resolves to ${some(open)}, which is not private` });
  }
  const same = expect.length === answers.length && expect.every((value) => answers.includes(value));
  if (expect.length === 0 || same) return ok(undefined);
  return err({ reason: "unexpectedAnswer", detail: `resolves to ${some(answers)}, not to ${some(expect)}` });
}

const privateRanges: readonly string[] = ["RFC 1918", "RFC 6598", "RFC 4193"];

function isPrivate(answer: string): boolean {
  const address = parseAddress(answer);
  const range = address && notPublic(subnetOf(address, address.family === 4 ? 32 : 128));
  return range !== undefined && privateRanges.includes(range);
}

function some(values: readonly string[]): string {
  const shown = values.slice(0, 4).join(", ");
  return values.length > 4 ? `${shown} and ${values.length - 4} more` : shown;
}
