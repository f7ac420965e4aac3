// Where routers tell of their BGP sessions by BMP, as the configuration file says it.

import { integer, keys, list, named } from "./keys.ts";
import * as s from "./scalars.ts";

const monitored = keys(
  {
    addresses: list(s.address({ is: "Another address of the router.", example: "198.51.100.1" }), {
      is: "Addresses from which the router connects, besides `address` and `notifications.addresses` of the router.",
      examples: ["[198.51.100.1, 198.51.100.5]"],
      json: { maxItems: 64 },
    }).optional(),
  },
  { is: "A router that may connect." },
);

export const bmp = keys(
  {
    listen: s.listen({
      is: "Address and TCP port on which routers connect: 0.0.0.0 for every IPv4 address, [::] for every address of both families.",
      example: "0.0.0.0:11019",
    }),
    routers: named(monitored, {
      is: "Routers that connect, by their names under `routers`: one that does not is told of (ExpressRouteBmpDisconnected). When absent: all of them may, and only one that did is told of. Connections of all others are refused.",
    }).optional(),
    routes: integer({
      is: "Routes that are kept of one router, each view and path of them; more are not counted. One takes up to 75 octets.",
      type: "a number of routes",
      examples: ["100000"],
      minimum: 1_000,
      maximum: 2_000_000,
    }).default(100_000),
    communities: integer({
      is: "Microsoft's BGP communities that metrics and page tell apart of one session and family; further ones are counted together as other.",
      type: "a number of communities",
      examples: ["100"],
      minimum: 1,
      maximum: 1_000,
    }).default(100),
  },
  {
    is: "BMP station (RFC 7854): routers connect and tell at once of sessions that come and go, and of their routes. When absent: none.",
  },
);
