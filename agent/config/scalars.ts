// The scalar types of the configuration: what each accepts, and what it says when it does not.

import {
  addressIn,
  formatSubnet,
  halvesOf,
  parseAddress,
  parseListen,
  parseSubnet,
  type Subnet,
  type SubnetProblem,
  subnetOf,
} from "../estate/address.ts";
import { type Duration, parseDuration } from "../lib/duration.ts";
import { quote } from "./error.ts";
import { integer, type KeyDeclaration, text, textOrNumber, type Wrong } from "./keys.ts";
import { dscpNames, parseDscp, parsePercentage, parseSpeed } from "./values.ts";

type Described = Pick<KeyDeclaration<never>, "is" | "absent"> & { readonly example?: string };

/** Free text that is shown to people. */
export function words({ is, example = "" }: Described) {
  return text({
    is,
    type: "a text",
    examples: [example],
    json: { minLength: 1, maxLength: 200 },
    wrong: (value) => {
      if (value.trim() === "") return { problem: "is empty", fix: `write for example ${example}` };
      if (value.length > 200) return { problem: `has ${value.length} characters`, fix: "use at most 200" };
      return /[\n\r\t]/.test(value) ? { problem: "holds a line break or tab", fix: "write it on one line" } : undefined;
    },
  });
}

const mostOctets = 32;

/** A name that stands in an SNMPv3 message. It stands near secrets, so what was written is not repeated. */
export function shortName({ is, example = "", absent }: Described) {
  return text({
    is,
    type: "a text",
    examples: [example],
    ...(absent === undefined ? {} : { absent }),
    json: { minLength: 1, maxLength: mostOctets },
    wrong: (value) => {
      const octets = Buffer.byteLength(value);
      if (octets === 0) return { problem: "is empty", fix: `write for example ${example}, or remove the key` };
      if (octets > mostOctets) return { problem: `has ${octets} octets`, fix: `use at most ${mostOctets}` };
      return /\p{Cc}/u.test(value) ? { problem: "holds a control character", fix: "write it on one line" } : undefined;
    },
  });
}

/** The name of something else in the file. */
export function name({ is, example = "", absent }: Described) {
  return text({
    is,
    type: "a name",
    examples: [example],
    ...(absent === undefined ? {} : { absent }),
    json: { minLength: 1 },
  });
}

export function directory({ is, example = "", absent = "" }: Described) {
  return text({
    is,
    type: "a directory",
    examples: [example],
    absent,
    json: { pattern: "^/" },
    wrong: (value) =>
      value.startsWith("/") && !value.includes("\0")
        ? undefined
        : { problem: `${quote(value)} is no absolute path`, fix: `write for example ${example}` },
  });
}

const siteNameWrong = (value: string): Wrong | undefined =>
  /^[a-z0-9][a-z0-9-]{0,62}$/.test(value)
    ? undefined
    : { problem: `${quote(value)} is not a name`, fix: nameRule(value) };

/** The valid name that a person probably meant; empty when there is none. */
export function meantName(value: string): string {
  return value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63);
}

/** The rule for names, with the name that was probably meant. */
export function nameRule(value: string): string {
  const meant = meantName(value);
  const rule = "use lower-case letters, digits and hyphens, beginning with a letter or digit";
  return meant === "" ? rule : `${rule}: ${meant}`;
}

export function site({ is, example = "ams" }: Described) {
  return text({
    is,
    type: "a name",
    examples: [example],
    json: { pattern: "^[a-z0-9][a-z0-9-]{0,62}$" },
    wrong: siteNameWrong,
  });
}

export function duration({
  is,
  example = "5s",
  least,
  most,
  absent,
}: Described & { readonly least: string; readonly most: string }) {
  const [shortest, longest] = [parseDuration(least), parseDuration(most)] as [Duration, Duration];
  return text({
    is,
    type: "a duration",
    examples: [example],
    ...(absent === undefined ? {} : { absent }),
    json: { pattern: "^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$" },
    wrong: (value) => {
      const parsed = parseDuration(value);
      if (parsed === undefined) {
        return {
          problem: `${quote(value)} is not a duration`,
          fix: "write a number and a unit (ms, s, m, h, d), such as 200ms, 5s or 1m30s",
        };
      }
      if (parsed < shortest) return { problem: `${value} is too short`, fix: `use ${least} or longer` };
      if (parsed > longest) return { problem: `${value} is too long`, fix: `use ${most} or shorter` };
      return undefined;
    },
  });
}

export function percentage({ is, example = "5%" }: Described) {
  return text({
    is,
    type: "a percentage",
    examples: [example],
    json: { pattern: "^\\d{1,3}(\\.\\d{1,6})?%$" },
    wrong: (value) =>
      parsePercentage(value) === undefined
        ? {
            problem: `${quote(value)} is not a percentage from 0% to 100%`,
            fix: "write a number and %, such as 5% or 0.5%",
          }
        : undefined,
  });
}

export function speed({ is, example = "1Gbps" }: Described) {
  return text({
    is,
    type: "a bandwidth",
    examples: [example],
    json: { pattern: "^[1-9]\\d{0,5}(Mbps|Gbps)$" },
    wrong: (value) => {
      if (parseSpeed(value) !== undefined) return undefined;
      const loose = /^([1-9]\d{0,5})\s*(m|g)(b|bit|bps|bit\/s|b\/s)?$/i.exec(value.trim());
      const meant =
        loose === null
          ? "a number and Mbps or Gbps, such as 50Mbps or 1Gbps"
          : `${loose[1]}${loose[2]?.toUpperCase()}bps`;
      return { problem: `${quote(value)} is not a bandwidth`, fix: `write ${meant}` };
    },
  });
}

export function address({ is, example = "192.0.2.1", absent }: Described) {
  return text({
    is,
    type: "an IP address",
    examples: [example],
    ...(absent === undefined ? {} : { absent }),
    json: { minLength: 2, maxLength: 45 },
    wrong: addressWrong,
  });
}

function addressWrong(value: string): Wrong | undefined {
  const parsed = parseAddress(value);
  if (parsed === undefined) return { problem: `${quote(value)} is not an IP address`, fix: addressFix(value) };
  const first = parsed.family === 4 ? Number(parsed.value >> 24n) : Number(parsed.value >> 120n);
  if (parsed.value === 0n) return { problem: `${value} is no host's address`, fix: "write the address of one host" };
  const multicast = parsed.family === 4 ? first >= 224 : first === 0xff;
  return multicast
    ? { problem: `${value} is a multicast or reserved address`, fix: "write the address of one host" }
    : undefined;
}

function addressFix(value: string): string {
  if (parseAddress(value.split("/")[0] ?? "") !== undefined) return `write the address alone: ${value.split("/")[0]}`;
  if (parseAddress(value.split("%")[0] ?? "") !== undefined) return "write an address without a zone (%...)";
  const [host = "", port = ""] = value.split(":");
  if (parseAddress(host) !== undefined && /^\d+$/.test(port))
    return `write the address alone: ${host}, and the port under port`;
  const octets = value.split(".");
  if (octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet))) {
    const plain = octets.map(Number).join(".");
    return parseAddress(plain) === undefined
      ? "every part is a number from 0 to 255"
      : `write it without leading zeros: ${plain}`;
  }
  return /[a-z]/i.test(value) && !value.includes(":")
    ? "write the address itself: host names are not looked up, since DNS may fail together with the circuit"
    : "write an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1";
}

/** A subnet of one given length per family: the network itself, not an address in it. */
export function subnet({ is, example = "192.0.2.0/30", lengths }: Described & { readonly lengths: Lengths }) {
  return text({
    is,
    type: "a subnet",
    examples: [example],
    json: { pattern: `^([0-9.]+/${lengths[4]}|[0-9a-fA-F:.]+/${lengths[6]})$` },
    wrong: (value) => {
      const parsed = parseSubnet(value);
      if (!parsed.ok) return subnetWrong(value, parsed.error, example, lengths);
      return parsed.value.length === lengths[parsed.value.family]
        ? undefined
        : lengthWrong(value, parsed.value, lengths);
    },
  });
}

interface Lengths {
  readonly 4: number;
  readonly 6: number;
  /** Whether a subnet twice as large holds those of both links. */
  readonly ofLinks: boolean;
}

function subnetWrong(value: string, problem: SubnetProblem, example: string, lengths: Lengths): Wrong {
  switch (problem.kind) {
    case "form":
      return { problem: `${quote(value)} is not a subnet`, fix: `write network/length, such as ${example}` };
    case "noLength": {
      const meant = subnetOf(problem.address, lengths[problem.address.family]);
      return { problem: `${quote(value)} has no length`, fix: `the subnet in which it lies is ${formatSubnet(meant)}` };
    }
    case "length":
      return {
        problem: `${quote(value)} has no valid length`,
        fix: `write /${lengths[4]} (IPv4) or /${lengths[6]} (IPv6)`,
      };
    case "hostBits": {
      const { meant } = problem;
      if (meant.length !== lengths[meant.family]) return lengthWrong(value, meant, lengths);
      return {
        problem: `${quote(value)} has host bits set`,
        fix: `the network that contains it is ${formatSubnet(meant)}`,
      };
    }
  }
}

/** Azure's portal shows one /29 (/125) for a pair of paths, so its halves are named. */
function lengthWrong(value: string, subnet: Subnet, lengths: Lengths): Wrong {
  const wanted = lengths[subnet.family];
  const problem = `${quote(value)} is a /${subnet.length}, not a /${wanted}`;
  const halves = lengths.ofLinks && subnet.length === wanted - 1 ? halvesOf(subnet) : undefined;
  if (halves !== undefined) {
    const [first, second] = halves.map(formatSubnet);
    return { problem, fix: `it holds the subnets of both links: write primary: ${first} and secondary: ${second}` };
  }
  if (subnet.length > wanted) {
    const around = subnetOf(addressIn(subnet, 0), wanted);
    return { problem, fix: `the /${wanted} in which it lies is ${formatSubnet(around)}` };
  }
  return { problem, fix: `write the /${wanted} that Azure has for it` };
}

export function listen({ is, example = "127.0.0.1:9580" }: Described) {
  return text({
    is,
    type: "a listen address",
    examples: [example],
    json: { pattern: "^(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]]+):\\d{1,5}$" },
    wrong: (value) =>
      parseListen(value) === undefined
        ? { problem: `${quote(value)} is not a listen address`, fix: listenFix(value, example.replace(/.*:/, "")) }
        : undefined,
  });
}

function listenFix(value: string, usualPort: string): string {
  if (/^:?\d{1,5}$/.test(value)) {
    const port = value.replace(":", "");
    return `write 127.0.0.1:${port} for this host alone, or 0.0.0.0:${port} for every address`;
  }
  const parsed = parseAddress(value);
  if (parsed?.family === 4) return `add the port: ${value}:${usualPort}`;
  if (parsed?.family === 6) return `write [${value}]:${usualPort}`;
  return `write ADDRESS:PORT, such as 127.0.0.1:${usualPort} or [::1]:${usualPort}`;
}

/** A differentiated services code point, as a number or by its name. */
export function dscp({ is, absent = "" }: Described) {
  return textOrNumber({
    is,
    type: "a DSCP",
    examples: ["EF", "AF41", "46"],
    absent,
    json: { anyOf: [{ type: "integer", minimum: 0, maximum: 63 }, { enum: [...dscpNames.keys()] }] },
    wrong: (value) =>
      parseDscp(value) === undefined ? { problem: `${quote(value)} is not a DSCP`, fix: dscpFix(value) } : undefined,
  });
}

function dscpFix(value: string | number): string {
  const rule = "write a number from 0 to 63, or a name such as EF, AF41 or CS1";
  if (typeof value === "number") {
    const meant = value / 4;
    return parseDscp(meant) === undefined ? rule : `${rule}; as a whole TOS octet, ${value} is the DSCP ${meant}`;
  }
  if (/^\d+$/.test(value) && parseDscp(Number(value)) !== undefined) return `write it without quotes: ${value}`;
  const name = value.toUpperCase();
  return dscpNames.has(name) ? `write it as ${name}` : rule;
}

/** IFNAMSIZ with its zero. */
const longestInterface = 15;

/** The name of an interface of this host, as `ip link` shows it. */
export function localInterface({ is, absent = "" }: Described) {
  return text({
    is,
    type: "an interface",
    examples: ["eth0"],
    absent,
    json: { pattern: `^[^/:\\s]{1,${longestInterface}}$` },
    wrong: (value) =>
      /^[^/:\s]{1,15}$/.test(value) && Buffer.byteLength(value) <= longestInterface
        ? undefined
        : {
            problem: `${quote(value)} is not the name of an interface of Linux`,
            fix: `write the name as \`ip link\` shows it, at most ${longestInterface} characters, such as eth0`,
          },
  });
}

export function port({ is }: Described) {
  return integer({ is, type: "a UDP port", examples: ["161"], minimum: 1, maximum: 65_535 });
}

/** ASNs that nobody can have, and the registry entry that says so. */
function reservedAsn(value: number): string | undefined {
  if (value === 12_076) return "Microsoft's own, on every MSEE";
  if (value >= 65_515 && value <= 65_520) return "reserved by Azure (65515 to 65520)";
  if (value === 23_456) return "AS_TRANS (RFC 6793)";
  if (value === 65_535 || value === 4_294_967_295) return "reserved (RFC 7300)";
  return undefined;
}

export function asn({ is, type = "an ASN" }: Described & { readonly type?: string }) {
  return integer({
    is,
    type,
    examples: ["65010"],
    minimum: 1,
    maximum: 4_294_967_295,
    form: " (asplain, RFC 5396)",
    wrong: (value) => {
      const why = reservedAsn(value);
      return why === undefined
        ? undefined
        : { problem: `${value} is ${why}`, fix: "write the ASN of the router at your end of the session" };
    },
  });
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function serviceKey({ is }: Described) {
  const example = "7a3c0000-0000-4000-8000-000000000001";
  return text({
    is,
    type: "a GUID",
    examples: [example],
    json: { pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" },
    wrong: (value) =>
      guid.test(value)
        ? undefined
        : {
            problem: `${quote(value)} is not a GUID`,
            fix: `copy the service key from the circuit's overview in the Azure portal, such as ${example}`,
          },
  });
}
