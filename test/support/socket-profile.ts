import { type Endpoint, type Family, parseEndpoint } from "../../agent/net/endpoint.ts";
import type { SocketProfile } from "../../agent/net/probe-sockets.ts";

/** The endpoint of a text that is known to be an address. */
export function at(address: string, port = 0): Endpoint {
  const endpoint = parseEndpoint(address, port);
  if (endpoint === undefined) throw new Error(`no address: ${address}`);
  return endpoint;
}

/** A socket with nothing special about it, from any address. */
export function plainProfile(family: Family): SocketProfile {
  return { family, source: undefined, interface: undefined, dscp: 0, dontFragment: false };
}

export function profileFrom(address: string): SocketProfile {
  const source = at(address);
  return { ...plainProfile(source.family), source };
}
