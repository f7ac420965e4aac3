// What the simulated estate's services and internet dependencies are made of: one HTTP server on loopback, and the names
// of its DNS server.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { EndpointHealth } from "./network.ts";

export const serviceName = "orders.lab.example";
export const dependencyName = "www.lab.example";

export const labAddresses: ReadonlyMap<string, string> = new Map([
  [serviceName, "10.60.1.4"],
  [dependencyName, "203.0.113.80"],
]);

export const endpointPaths = { orders: "/health", revocation: "/root.crl" } as const;
export type EndpointName = keyof typeof endpointPaths;

export interface Endpoints {
  start(): Promise<void>;
  stop(): Promise<void>;
  port(): number;
  /** Requests by what became of them; proof that the simulated failure really happened. */
  read(): Readonly<Record<EndpointHealth, number>>;
}

/** A port that nobody has, for one who listens in a moment. */
export async function freeTcpPort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}

export function createEndpoints(
  host: string,
  deps: { readonly health: (name: EndpointName) => EndpointHealth },
): Endpoints {
  const counts: Record<EndpointHealth, number> = { well: 0, failing: 0, silent: 0 };
  const server = createServer((request, response) => {
    const name: EndpointName = request.url === endpointPaths.revocation ? "revocation" : "orders";
    const health = deps.health(name);
    counts[health] += 1;
    if (health === "silent") return;
    response.writeHead(health === "well" ? 200 : 503, { "content-type": "text/plain" });
    response.end(`${name}: ${health}\n`);
  });
  return {
    async start() {
      server.listen(0, host);
      await once(server, "listening");
    },
    async stop() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
    port: () => portOf(server),
    read: () => ({ ...counts }),
  };
}
