// HTTP proxies by which checks leave, as the configuration file says them.

import { host } from "./check-schema.ts";
import { secret } from "./credentials-schema.ts";
import { integer, keys, named, text } from "./keys.ts";

const proxy = keys(
  {
    host: host("Host name or address of the proxy.", "proxy.example.com"),
    port: integer({
      is: "TCP port of the proxy.",
      type: "a TCP port",
      examples: ["3128"],
      minimum: 1,
      maximum: 65_535,
    }),
    user: text({
      is: "User that the proxy asks for (Basic, RFC 7617: sent unencrypted).",
      type: "a user",
      examples: ["circuitwatch"],
      absent: "none",
      json: { minLength: 1, maxLength: 255 },
      wrong: (value) =>
        value.includes(":") ? { problem: "holds a colon, which ends the user in Basic", fix: "remove it" } : undefined,
    }).optional(),
    password: secret("The password of that user.").optional(),
  },
  { is: "An HTTP proxy. It looks up the names of what it is asked for; plain HTTP only towards the proxy itself." },
);

export const proxies = named(proxy, { is: "HTTP proxies by name; checks with technique http refer to them." });
