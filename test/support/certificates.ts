// Certificates made by the test itself: X.509 (RFC 5280) in DER, signed with node:crypto. They can be what no authority
// would issue: expired, not yet valid, or in another's name.

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

interface Issued {
  readonly key: string;
  /** PEM of this one, then of those that issued it, without the root. */
  readonly chain: string;
  readonly cert: string;
}

interface Wanted {
  readonly name: string;
  /** Alternative names: DNS names, or IPv4 addresses. */
  readonly names?: readonly string[];
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
}

export interface Authority extends Issued {
  issue(wanted: Wanted): Issued;
  authority(wanted: Wanted): Authority;
}

const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
};
const seq = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts);
const oid = (hex: string) => tlv(0x06, Buffer.from(hex, "hex"));
const integer = (value: number) => tlv(0x02, Buffer.from([value >> 8, value & 255].filter((b, i) => i === 1 || b > 0)));
const utf8 = (text: string) => tlv(0x0c, Buffer.from(text));
const yes = tlv(0x01, Buffer.from([255]));

const ecdsaWithSha256 = seq(oid("2a8648ce3d040302"));
const nameOf = (text: string) => seq(tlv(0x31, seq(oid("550403"), utf8(text))));

/** GeneralizedTime of a moment so many days from now. */
function day(days: number): Buffer {
  const iso = new Date(Date.now() + days * 86_400_000).toISOString();
  return tlv(0x18, Buffer.from(iso.slice(0, 19).replace(/[-:T]/g, "").concat("Z")));
}

function alternative(name: string): Buffer {
  const isAddress = /^[\d.]+$/.test(name);
  return isAddress ? tlv(0x87, Buffer.from(name.split(".").map(Number))) : tlv(0x82, Buffer.from(name));
}

let serial = 0;

function certificate(wanted: Wanted, key: KeyObject, issuer: string, signer: KeyObject, isAuthority: boolean): string {
  const { name, names = [], from = -1, to = 90 } = wanted;
  serial = (serial + 1) & 0x7fff;
  const extensions = [
    ...(isAuthority ? [seq(oid("551d13"), yes, tlv(0x04, seq(yes)))] : []),
    ...(names.length > 0 ? [seq(oid("551d11"), tlv(0x04, seq(...names.map(alternative))))] : []),
  ];
  const body = seq(
    tlv(0xa0, integer(2)),
    integer(serial),
    ecdsaWithSha256,
    nameOf(issuer),
    seq(day(from), day(to)),
    nameOf(name),
    key.export({ type: "spki", format: "der" }),
    ...(extensions.length > 0 ? [tlv(0xa3, seq(...extensions))] : []),
  );
  const signature = tlv(0x03, Buffer.from([0]), sign("sha256", body, signer));
  const der = seq(body, ecdsaWithSha256, signature).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${der.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

/** Without an `issuer` it signs itself. */
function authorityOf(
  wanted: Wanted,
  issuer?: { readonly name: string; readonly key: KeyObject; readonly chain: string },
) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = certificate(wanted, publicKey, issuer?.name ?? wanted.name, issuer?.key ?? privateKey, true);
  const chain = issuer === undefined ? "" : `${cert}${issuer.chain}`;
  const self = { name: wanted.name, key: privateKey, chain };
  const made: Authority = {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert,
    chain: chain === "" ? cert : chain,
    issue(leaf) {
      const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const issued = certificate(leaf, keys.publicKey, wanted.name, privateKey, false);
      const key = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      return { key, cert: issued, chain: `${issued}${chain}` };
    },
    authority: (below) => authorityOf(below, self),
  };
  return made;
}

export function rootAuthority(name: string, to = 365): Authority {
  return authorityOf({ name, to });
}
