// Who notifies the agent, and where it hears them, as the configuration file says it.

import { keys, list } from "./keys.ts";
import * as s from "./scalars.ts";

export const notifications = keys(
  {
    listen: s.listen({
      is: "Address and UDP port on which they are heard: 0.0.0.0 for every IPv4 address, [::] for every address of both families. Port 162 needs a capability (deploy/README.md).",
      example: "0.0.0.0:162",
    }),
    credentials: s
      .name({
        is: "Name under snmp.credentials of what the routers notify with.",
        example: "traps",
        absent: "the credentials of each router",
      })
      .optional(),
  },
  {
    is: "SNMP notifications (traps and informs; v1, v2c, v3): each makes the agent poll the router at once. When absent: none are heard.",
  },
);

export const notificationSource = keys(
  {
    addresses: list(s.address({ is: "Another address of the router.", example: "198.51.100.1" }), {
      is: "Addresses besides `address` from which the router notifies: of its loopback and of its interfaces.",
      examples: ["[198.51.100.1, 198.51.100.5]"],
      json: { maxItems: 256 },
    }).optional(),
    credentials: s
      .name({
        is: "Name under snmp.credentials of what this router notifies with.",
        example: "traps",
        absent: "`snmp.notifications.credentials`",
      })
      .optional(),
  },
  { is: "How the notifications of this router are known." },
);
