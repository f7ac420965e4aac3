// The agent's own STAMP Session-Reflector, as the configuration file says it.

import { anySubnet } from "./any-subnet.ts";
import { secret } from "./credentials-schema.ts";
import { flag, integer, keys, list } from "./keys.ts";
import * as s from "./scalars.ts";

const rate = (is: string, example: string) =>
  integer({ is, type: "a number of requests", examples: [example], minimum: 1, maximum: 100_000 });

export const reflector = keys(
  {
    listen: s.listen({
      is: "Address and UDP port on which it listens: 0.0.0.0 for every IPv4 address, [::] for every address of both families. Port 862, STAMP's own, needs a capability (deploy/README.md).",
      example: "0.0.0.0:862",
    }),
    senders: list(
      anySubnet({
        is: "A Session-Sender, or the subnet of several.",
        example: "10.20.0.11/32",
        everybody: "write the subnets of the other sites' agents and routers",
      }),
      {
        is: "Who is answered: the agents and routers of the other sites. Datagrams of all others are dropped and counted.",
        examples: ["[10.20.0.11/32, 2001:db8:20::/64]"],
        json: { minItems: 1, maxItems: 256 },
      },
    ),
    key: secret(
      "Key of STAMP's authenticated mode (RFC 8762 section 4.4), at least 16 characters. With it, only requests that carry its HMAC are answered.",
    ).optional(),
    stateful: flag({
      is: "Count the answers of each session, so that its sender can tell loss on the way there from loss on the way back.",
      type: "true or false",
      examples: ["true", "false"],
    }).default(true),
    senderRate: rate("Requests per second that one sender is answered.", "1000").default(1_000),
    totalRate: rate("Requests per second that all senders together are answered.", "10000").default(10_000),
  },
  {
    is: "The agent's own STAMP Session-Reflector (RFC 8762), which answers the probes of other sites. When absent: none.",
  },
);
