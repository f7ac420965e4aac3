// The agent's own STAMP Session-Reflector, as the configuration file says it.

import { formatSubnet, parseSubnet } from "../estate/address.ts";
import { secret } from "./credentials-schema.ts";
import { quote } from "./error.ts";
import { flag, integer, keys, list, text, type Wrong } from "./keys.ts";
import * as s from "./scalars.ts";

const rate = (is: string, example: string) =>
  integer({ is, type: "a number of requests", examples: [example], minimum: 1, maximum: 100_000 });

const senderExample = "10.20.0.11/32";

function senderWrong(value: string): Wrong | undefined {
  const parsed = parseSubnet(value);
  if (parsed.ok) {
    if (parsed.value.length > 0) return undefined;
    return { problem: `${value} is everybody`, fix: "write the subnets of the other sites' agents and routers" };
  }
  const { error } = parsed;
  if (error.kind === "hostBits") {
    const meant = formatSubnet(error.meant);
    return { problem: `${quote(value)} has host bits set`, fix: `the network that contains it is ${meant}` };
  }
  if (error.kind === "noLength") {
    return { problem: `${quote(value)} has no length`, fix: `write ${value}/${error.address.family === 4 ? 32 : 128}` };
  }
  return { problem: `${quote(value)} is not a subnet`, fix: `write network/length, such as ${senderExample}` };
}

export const reflector = keys(
  {
    listen: s.listen({
      is: "Address and UDP port on which it listens: 0.0.0.0 for every IPv4 address, [::] for every address of both families. Port 862, STAMP's own, needs a capability (deploy/README.md).",
      example: "0.0.0.0:862",
    }),
    senders: list(
      text({
        is: "A Session-Sender, or the subnet of several.",
        type: "a subnet",
        examples: [senderExample],
        json: { pattern: "^[0-9a-fA-F:.]+/\\d{1,3}$" },
        wrong: senderWrong,
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
