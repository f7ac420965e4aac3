// Why a check failed in the words of the page, and whose fault that is as far as one check from one place can tell.

import type { Owner } from "../estate/judgement.ts";
import type { ServiceCheck, ServiceOrDependency } from "../estate/service.ts";
import type { ServiceCause } from "../estate/service-judgement.ts";
import type { CheckFailure, CheckPhase, CheckResult } from "../estate/service-observation.ts";

type Failure = NonNullable<CheckResult["failure"]>;

const byReason: Readonly<Partial<Record<CheckFailure, ServiceCause>>> = {
  nxdomain: "nameNotFound",
  noData: "nameNotFound",
  notPrivate: "addressNotPrivate",
  unexpectedAnswer: "answerUnexpected",
  certificateExpired: "certificateInvalid",
  certificateNotYetValid: "certificateInvalid",
  hostnameMismatch: "certificateInvalid",
  untrustedCertificate: "certificateInvalid",
  unexpectedStatus: "statusUnexpected",
  notSent: "notSent",
};

const byPhase: Readonly<Record<CheckPhase, ServiceCause>> = {
  dns: "resolverFailed",
  connect: "connectionFailed",
  proxy: "connectionFailed",
  tls: "tlsFailed",
  firstByte: "answerFailed",
  answer: "answerFailed",
};

export function causeOf(check: ServiceCheck, failure: Failure): ServiceCause {
  if (isOfProxy(check, failure)) return "connectionFailed";
  return byReason[failure.reason] ?? byPhase[failure.phase];
}

/** The proxy is not reached, or will not: what is behind it was not even asked. */
function isOfProxy(check: ServiceCheck, { phase, reason }: Failure): boolean {
  const isProxied = check.technique === "http" && check.proxy !== undefined;
  return isProxied && (phase === "dns" || phase === "connect" || reason === "proxyRefused") && reason !== "notSent";
}

/**
 * Of what is on the public internet nobody here is the owner. Behind the private peering the far end is the customer's own,
 * behind the Microsoft peering Microsoft's; DNS of private names is the customer's, and so is the proxy. Silence has no sender:
 * with the circuit well, the far end's host, its network rules and Microsoft's network look the same from here. What a proxy says
 * of a server that it asked is no word of that server.
 */
export function ownerOf(of: ServiceOrDependency, check: ServiceCheck, failure: Failure): Owner {
  const { phase, reason } = failure;
  if (isOfProxy(check, failure)) return "customer";
  if (of.is === "internetDependency") return "unknown";
  if (of.peering === "azurePrivate" && phase === "dns") return "customer";
  const isTold = check.technique === "http" && check.proxy !== undefined && !check.url.startsWith("https:");
  if (isTold || phase === "proxy") return "unknown";
  const spoke = !["timeout", "unreachable"].includes(reason) && phase !== "dns";
  return spoke ? farEnd(of.peering) : "unknown";
}

export function certificateOwner(of: ServiceOrDependency): Owner {
  return of.is === "service" ? farEnd(of.peering) : "unknown";
}

const farEnd = (peering: "azurePrivate" | "microsoft"): Owner =>
  peering === "azurePrivate" ? "customer" : "microsoft";
