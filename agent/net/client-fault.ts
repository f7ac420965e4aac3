// Why a step of a TCP, TLS, HTTP or DNS client failed, from the codes of the system, OpenSSL, llhttp and c-ares.

import { err } from "../lib/result.ts";

export interface ClientFault {
  readonly reason:
    | "timeout"
    | "refused"
    | "reset"
    | "unreachable"
    | "closed"
    | "nxdomain"
    | "noData"
    | "servfail"
    | "malformed"
    | "certificateExpired"
    | "certificateNotYetValid"
    | "hostnameMismatch"
    | "untrustedCertificate"
    | "tlsFailed"
    | "proxyRefused"
    | "proxyCannotConnect"
    | "notSent";
  /** For people. Of what the far end sent only names of a certificate are quoted: untrusted text. */
  readonly detail: string;
}

/** Of one answer of HTTP. */
export const mostHeaderOctets = 16_384;

export function fault(reason: ClientFault["reason"], detail: string) {
  return err<ClientFault>({ reason, detail });
}

const socketFaults: Readonly<Record<string, readonly [ClientFault["reason"], string]>> = {
  ECONNREFUSED: ["refused", "the connection was refused: nothing listens on that port, or a firewall says so"],
  ECONNRESET: ["reset", "the connection was reset"],
  EPIPE: ["reset", "the connection was reset"],
  ECONNABORTED: ["reset", "the connection was aborted"],
  ETIMEDOUT: ["timeout", "no answer"],
  EHOSTUNREACH: ["unreachable", "a router or this host says that the host cannot be reached"],
  ENETUNREACH: ["unreachable", "this host or a router has no route to it"],
};

/** Codes that are not in the table are this host's own trouble: no such source address, no descriptor, not permitted. */
export function socketFault(error: unknown) {
  const code = codeOf(error);
  const known = socketFaults[code];
  if (known !== undefined) return fault(...known);
  // Node's own name for the end of a connection that had something to say.
  if (code === "ERR_STREAM_PREMATURE_CLOSE") return fault("closed", "the connection was closed");
  if (code.startsWith("HPE_")) return fault("malformed", `the answer is not HTTP (${code})`);
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code === "EPROTO") {
    return fault("tlsFailed", `TLS failed (${code})`);
  }
  const meaning = ownTrouble[code];
  return fault("notSent", `this host could not try: ${meaning ?? code}`);
}

const ownTrouble: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "the source address is none of its own, or no port is free",
  EACCES: "not permitted",
  EPERM: "not permitted, by its own firewall",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
  ENETDOWN: "its interface is down",
  EAFNOSUPPORT: "it does not speak this family of addresses",
};

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Node gives an orderly end the code of a reset, but only what the kernel said names a system call. */
export function isKernels(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
