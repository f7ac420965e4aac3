// How the routers are asked, as the configuration file says it.

import { authProtocols, privacyProtocols } from "../estate/estate.ts";
import { keys, secretType, word, wordOrNumber } from "./keys.ts";
import * as s from "./scalars.ts";

export const secret = (is: string) =>
  keys(
    {
      env: s
        .name({ is: "Name of an environment variable that holds the secret.", example: "SNMP_COMMUNITY" })
        .optional(),
      file: s
        .name({
          is: "Absolute path of a file that holds the secret; line breaks at its end are dropped.",
          example: "/etc/circuitwatch/community",
        })
        .optional(),
      credential: s
        .name({
          is: "Name of a systemd credential (LoadCredential=), read from $CREDENTIALS_DIRECTORY.",
          example: "snmp-community",
        })
        .optional(),
    },
    {
      is: `${is} Never written here: exactly one of env, file and credential says where it is.`,
      type: secretType,
      examples: ["{ env: SNMP_COMMUNITY }"],
      json: { minProperties: 1, maxProperties: 1 },
    },
  );

export const credentials = keys(
  {
    version: wordOrNumber([1, "2c", 3], {
      is: "Version of SNMP. With 1, counters have 32 bits and a walk takes a round trip for each row: only where nothing newer is spoken.",
      type: "an SNMP version",
      examples: ["1", "2c", "3"],
    }),
    community: secret("The community. Required with v1 and v2c, refused with 3.").optional(),
    user: s
      .shortName({ is: "User of SNMPv3 (USM). Required with version 3, refused with others.", example: "circuitwatch" })
      .optional(),
    auth: keys(
      {
        protocol: word(authProtocols, {
          is: "Authentication protocol: RFC 3414 (md5, sha1) and RFC 7860.",
          type: "an authentication protocol",
          examples: [...authProtocols],
        }),
        password: secret("The authentication password: at least 8 characters."),
      },
      { is: "How the user is authenticated; only with version 3. When absent: noAuthNoPriv." },
    ).optional(),
    privacy: keys(
      {
        protocol: word(privacyProtocols, {
          is: "Privacy protocol. aes192 and aes256 extend short keys as net-snmp does (Blumenthal), …Reeder as Cisco does.",
          type: "a privacy protocol",
          examples: [...privacyProtocols],
        }),
        password: secret("The privacy password: at least 8 characters."),
      },
      { is: "How messages are encrypted; only with version 3 and auth. When absent: authNoPriv." },
    ).optional(),
    context: s
      .shortName({
        is: "contextName of SNMPv3, where a router has several (VRFs).",
        example: "vrf-a",
        absent: "the default context",
      })
      .optional(),
  },
  { is: "How to ask a router." },
);
