// TLS over a connection that is there. The handshake goes through whatever the certificate is, so that all that is wrong
// with it can be told, and nothing is sent over it unless nothing is.

import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, createSecureContext, type PeerCertificate, type TLSSocket } from "node:tls";
import { ok, type Result } from "../lib/result.ts";
import { type ClientFault, codeOf, fault, isKernels, socketFault } from "./client-fault.ts";

export interface Certificate {
  /** Common name, or the first alternative name; untrusted text, bounded. */
  readonly subject: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface TlsOptions {
  /** For SNI, and looked for in the certificate; an address is only looked for. */
  readonly serverName: string;
  /** PEM certificates to trust; undefined: those that Node trusts. */
  readonly ca: string | undefined;
  /** Milliseconds since 1970, by which the certificates are valid or not. */
  readonly now: number;
}

export interface Secured {
  readonly socket: TLSSocket;
  readonly certificates: readonly Certificate[];
}

export type TlsFault = ClientFault & { readonly certificates: readonly Certificate[] };

const longestChain = 10;
const longestName = 100;

/** Reading all certificates takes milliseconds, and they are the same at every turn. */
const contexts = new Map<string | undefined, ReturnType<typeof createSecureContext>>();

function contextOf(ca: string | undefined) {
  let context = contexts.get(ca);
  if (context === undefined) {
    context = createSecureContext(ca === undefined ? {} : { ca });
    contexts.set(ca, context);
  }
  return context;
}

/** `signal` ends it at the deadline. The socket is destroyed when it fails. */
export function startTls(
  socket: Socket,
  { serverName, ca, now }: TlsOptions,
  signal: AbortSignal,
): Promise<Result<Secured, TlsFault>> {
  return new Promise((resolve) => {
    const secured = connect({
      socket,
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      secureContext: contextOf(ca),
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const settle = (result: Result<Secured, TlsFault>) => {
      signal.removeEventListener("abort", expire);
      secured
        .removeListener("error", fail)
        .removeListener("close", close)
        .on("error", () => undefined);
      if (!result.ok) secured.destroy();
      resolve(result);
    };
    const failed = (cause: ClientFault, certificates: readonly Certificate[] = []) =>
      settle({ ok: false, error: { ...cause, certificates } });
    const expire = () => failed({ reason: "timeout", detail: "the TLS handshake did not end" });
    const fail = (error: Error) => failed(handshakeFault(error).error);
    const close = () => failed({ reason: "closed", detail: "the connection was closed during the TLS handshake" });
    signal.addEventListener("abort", expire, { once: true });
    secured.once("error", fail);
    secured.once("close", close);
    secured.once("secureConnect", () => {
      const peer = secured.getPeerCertificate(true);
      const certificates = chainOf(peer);
      const wrong = wrongWith(secured, peer, certificates, serverName, now);
      if (wrong === undefined) settle(ok({ socket: secured, certificates }));
      else failed(wrong, certificates);
    });
    if (signal.aborted) expire();
  });
}

function handshakeFault(error: Error) {
  const code = codeOf(error);
  if (code === "ECONNRESET" && !isKernels(error)) {
    return fault("closed", "the connection was closed during the TLS handshake");
  }
  return socketFault(error);
}

/** The chain ends where a certificate is its own issuer, or the issuer is not known. */
function chainOf(peer: ReturnType<TLSSocket["getPeerCertificate"]>): readonly Certificate[] {
  const chain: Certificate[] = [];
  let next: PeerCertificate | undefined = peer;
  const seen = new Set<string>();
  while (next?.fingerprint256 !== undefined && !seen.has(next.fingerprint256) && chain.length < longestChain) {
    seen.add(next.fingerprint256);
    chain.push({
      subject: subjectOf(next),
      notBefore: Date.parse(next.valid_from),
      notAfter: Date.parse(next.valid_to),
    });
    next = "issuerCertificate" in next ? (next.issuerCertificate as PeerCertificate | undefined) : undefined;
  }
  return chain;
}

function subjectOf({ subject, subjectaltname }: PeerCertificate): string {
  const name: unknown = subject?.CN ?? subjectaltname?.split(",")[0] ?? subject?.O ?? "no name";
  return String(name).slice(0, longestName);
}

/** All that is wrong is in the detail; the reason is the first of it. */
function wrongWith(
  socket: TLSSocket,
  peer: ReturnType<TLSSocket["getPeerCertificate"]>,
  chain: readonly Certificate[],
  serverName: string,
  now: number,
): ClientFault | undefined {
  const found: ClientFault[] = [];
  const code = socket.authorizationError === undefined ? undefined : String(socket.authorizationError);
  for (const { subject, notBefore, notAfter } of chain) {
    if (notAfter < now) found.push({ reason: "certificateExpired", detail: `${subject} expired on ${day(notAfter)}` });
    if (notBefore > now) {
      found.push({ reason: "certificateNotYetValid", detail: `${subject} is not valid before ${day(notBefore)}` });
    }
  }
  // Node gives null where all is well, and an Error or its code where not.
  if (code !== undefined && code !== "null" && !dates.includes(code)) {
    found.push({ reason: "untrustedCertificate", detail: `the chain is not trusted here (${code})` });
  } else if (code !== undefined && dates.includes(code) && found.length === 0) {
    found.push({ reason: dated[code] ?? "certificateExpired", detail: `a certificate is out of date (${code})` });
  }
  if (chain.length === 0) found.push({ reason: "tlsFailed", detail: "the server showed no certificate" });
  else if (checkServerIdentity(serverName, peer) !== undefined) {
    found.push({
      reason: "hostnameMismatch",
      detail: `the certificate of ${chain[0]?.subject} is not for ${serverName}`,
    });
  }
  const [first] = found;
  return first && { reason: first.reason, detail: found.map(({ detail }) => detail).join("; ") };
}

const dated: Readonly<Record<string, ClientFault["reason"]>> = {
  CERT_HAS_EXPIRED: "certificateExpired",
  CERT_NOT_YET_VALID: "certificateNotYetValid",
};
const dates = Object.keys(dated);

const day = (epoch: number) => (Number.isNaN(epoch) ? "an unknown day" : new Date(epoch).toISOString().slice(0, 10));
