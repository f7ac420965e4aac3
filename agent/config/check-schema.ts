// One check of a service or an internet dependency, as the configuration file says it.

import { parseAddress } from "../estate/address.ts";
import { checkTechniques, httpMethods, recordTypes } from "../estate/service.ts";
import { quote } from "./error.ts";
import { flag, integer, keys, list, text, textOrNumber, type Wrong, word } from "./keys.ts";
import * as s from "./scalars.ts";
import { parseDnsServer, parseStatus } from "./values.ts";

export const checkInterval = { least: "1s", most: "1h", example: "15s" };
export const checkTimeout = { least: "100ms", most: "1m", example: "5s" };

/** RFC 1123 section 2.1, and underscores, which DNS has and hosts have not. */
const hostPattern = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

function nameWrong(value: string): Wrong | undefined {
  if (parseAddress(value) !== undefined) return { problem: `${value} is an address`, fix: "write a name" };
  // What stands before a host may hold a password: it is not repeated.
  const [more] = /:\/\/|@/.exec(value) ?? [];
  if (more !== undefined) {
    const problem = more === "@" ? "is more than a host: something stands before @" : "is a URL";
    return { problem, fix: "write its host alone, such as orders.example.com" };
  }
  if (hostPattern.test(value) && !/^[\d.]+$/.test(value)) return undefined;
  const bare = value.replace(/\.$/, "");
  const fix = bare !== value && hostPattern.test(bare) ? `write it without the last dot: ${bare}` : "write a full name";
  return { problem: `${quote(value)} is not a host name`, fix: `${fix}, such as orders.example.com` };
}

function hostWrong(value: string): Wrong | undefined {
  if (parseAddress(value) !== undefined) return undefined;
  if (parseAddress(value.replace(/^\[|\](:\d+)?$/g, "")) !== undefined) return undefined;
  return nameWrong(value.replace(/:\d{1,5}$/, ""));
}

const written =
  (type: string, maxLength: number, wrong: (value: string) => Wrong | undefined) =>
  (is: string, example: string, absent?: string) =>
    text({
      is,
      type,
      examples: [example],
      ...(absent === undefined ? {} : { absent }),
      json: { minLength: 1, maxLength },
      wrong,
    });

const domainName = written("a host name", 253, nameWrong);
export const host = written("a host name or an address", 255, hostWrong);

function urlWrong(value: string): Wrong | undefined {
  const example = "write for example https://orders.example.com/health";
  const url = URL.parse(value);
  // What was written may hold a token: it is not repeated.
  if (url === null) return { problem: "is not a URL", fix: example };
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return { problem: `is no http or https URL`, fix: example };
  }
  if (url.username !== "" || url.password !== "") {
    return {
      problem: "holds a user name or password",
      fix: "name a page that needs none: the URL is shown to readers",
    };
  }
  if (url.hash !== "") return { problem: "has a fragment (#...), which is never sent", fix: "remove it" };
  return undefined;
}

const dnsServers = (is: string, absent: string) =>
  list(
    text({
      is: "A DNS server: its address, and its port where that is not 53.",
      type: "a DNS server",
      examples: ["10.0.0.53"],
      json: { minLength: 2 },
      wrong: (value) =>
        parseDnsServer(value) === undefined
          ? {
              problem: `${quote(value)} is not the address of a DNS server`,
              fix: 'write its address, such as 10.0.0.53, 10.0.0.53:5353 or "[2001:db8::53]:53"',
            }
          : undefined,
    }),
    { is: `${is} When absent: ${absent}.`, examples: ["[10.0.0.53, 10.0.1.53]"], json: { maxItems: 8 } },
  );

export const resolvers = dnsServers(
  "DNS servers. A DNS check asks each of them; other checks look host names up with the first that answers. Neither /etc/hosts nor search domains are looked at.",
  "those of checking.resolvers, or of this host",
);
export const defaultResolvers = dnsServers("DNS servers of every check that names none.", "those of this host");

export const check = keys(
  {
    name: s.site({ is: "What the check is called in metrics. Absent: its technique.", example: "health" }).optional(),
    technique: word(checkTechniques, {
      is: "tcp: a connection. http: a request, over TLS where the URL says https. dns: a question to each resolver.",
      type: "a check technique",
      examples: [...checkTechniques],
    }),
    interval: s
      .duration({ is: "Time between two checks.", ...checkInterval, absent: "`checking.interval`" })
      .optional(),
    timeout: s
      .duration({ is: "The whole check has failed by then.", ...checkTimeout, absent: "`checking.timeout`" })
      .optional(),
    source: s
      .address({ is: "Local address to send from.", example: "192.0.2.10", absent: "chosen by the routing table" })
      .optional(),
    resolvers: resolvers.optional(),
    family: word(["ipv4", "ipv6"], {
      is: "Which address of a host name is connected to; only with tcp and http.",
      type: "a family of addresses",
      examples: ["ipv4", "ipv6"],
      absent: "`ipv4`",
    }).optional(),
    host: host(
      "Host name or address to connect to; only with tcp, or with http as the Host header.",
      "sql.example.com",
      "with http: that of the URL",
    ).optional(),
    port: integer({
      is: "TCP port; only with tcp.",
      type: "a TCP port",
      examples: ["1433"],
      minimum: 1,
      maximum: 65_535,
    }).optional(),
    url: text({
      is: "What is asked for; only with http. Its query is sent, and never shown.",
      type: "a URL",
      examples: ["https://orders.example.com/health"],
      json: { pattern: "^https?://" },
      wrong: urlWrong,
    }).optional(),
    address: s
      .address({
        is: "Connect to this address, and look no name up; only with http. A private endpoint is checked by its address so.",
        example: "10.1.2.3",
        absent: "looked up",
      })
      .optional(),
    method: word(httpMethods, {
      is: "Request method; only with http.",
      type: "a method",
      examples: [...httpMethods],
      absent: "`GET`",
    }).optional(),
    serverName: domainName(
      "Name asked for by SNI and looked for in the certificate; only with https.",
      "orders.example.com",
      "that of the URL",
    ).optional(),
    status: list(
      textOrNumber({
        is: "A status code, or a class of them.",
        type: "a status",
        examples: ["200", "2xx"],
        json: {
          anyOf: [
            { type: "integer", minimum: 100, maximum: 599 },
            { type: "string", pattern: "^[1-5]xx$" },
          ],
        },
        wrong: (value) =>
          parseStatus(value) === undefined
            ? { problem: `${quote(value)} is not a status`, fix: "write a code such as 200, or a class such as 2xx" }
            : undefined,
      }),
      { is: "Status codes that are right; only with http. When absent: 2xx.", examples: ["[200, 204]"] },
    ).optional(),
    redirects: integer({
      is: "Redirects followed at most; only with http. With none, a redirect is an answer like any other.",
      type: "a number of redirects",
      examples: ["2"],
      absent: "`0`",
      minimum: 0,
      maximum: 10,
    }).optional(),
    ca: text({
      is: "File of PEM certificates that are trusted instead of the public ones; only with https.",
      type: "a file",
      examples: ["/etc/ssl/certs/company-root.pem"],
      absent: "the public authorities, as Node has them",
      json: { pattern: "^/" },
      wrong: (value) =>
        value.startsWith("/") ? undefined : { problem: `${quote(value)} is no absolute path`, fix: "begin it with /" },
    }).optional(),
    proxy: s
      .name({ is: "Name of a proxy of checking.proxies, by which it leaves; only with http.", example: "corporate" })
      .optional(),
    query: domainName("Name that is asked for; only with dns.", "orders.example.com").optional(),
    record: word(recordTypes, {
      is: "Type of record that is asked for; only with dns.",
      type: "a type of record",
      examples: [...recordTypes],
      absent: "`A`",
    }).optional(),
    expect: list(
      text({
        is: "An address, or with CNAME a name.",
        type: "an answer",
        examples: ["10.1.2.3"],
        json: { minLength: 1 },
        wrong: (value) => (parseAddress(value) === undefined ? nameWrong(value) : undefined),
      }),
      {
        is: "The answer must be exactly these, in any order; only with dns. When absent: any answer is right.",
        examples: ["[10.1.2.3]"],
        json: { minItems: 1, maxItems: 64 },
      },
    ).optional(),
    mustBePrivate: flag({
      is: "Every address of the answer must be private (RFC 1918, RFC 6598, RFC 4193), as that of a private endpoint is; only with dns.",
      type: "true or false",
      examples: ["true", "false"],
      absent: "`false`",
    }).optional(),
    sameAnswer: flag({
      is: "All resolvers must give the same answer; only with dns. Not for names that are balanced over many addresses.",
      type: "true or false",
      examples: ["true", "false"],
      absent: "`false`",
    }).optional(),
  },
  { is: "One check.", examples: ["{ technique: http, url: https://orders.example.com/health }"] },
);
