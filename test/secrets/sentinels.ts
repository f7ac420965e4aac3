// Secrets that exist only in these tests, and everything that can be made of an object to see them.

import { format, inspect } from "node:util";
import { serialize } from "node:v8";
import { Secret } from "../../agent/lib/secret.ts";
import type { UsmUser } from "../../agent/net/snmp-usm-keys.ts";
import { localiseKey, passwordToKey } from "../../agent/wire/snmp/usm.ts";
import { type PrivacyProtocol, privacyKey } from "../../agent/wire/snmp/usm-privacy.ts";
import { joinedLines, type Planted, planted } from "./search.ts";

export const community = { env: "zKq7communityOfTheEnvironment", file: "zKq7communityOfAFile" } as const;
export const authPassword = "zKq7authentication<&>password";
export const privPassword = "zKq7privacy/+ password";
export const stampKey = "zKq7key+of<STAMP>sessions";
export const signature = "zKq7signatureInTheQueryOfAUrl";
export const proxyPassword = "zKq7password;of the proxy";
export const otherPassword = "zKq7passwordThatTheRouterHasNot";
export const engineId = Uint8Array.from(Buffer.from("80001f88047365637265747300", "hex"));

export const user = (password = authPassword, privacy: PrivacyProtocol = "aes128"): UsmUser => ({
  name: "watcher",
  auth: { protocol: "sha256", password: new Secret(password) },
  privacy: { protocol: privacy, password: new Secret(privPassword) },
});

/** Octets that are as good as a password: what it digests to, and the keys of it at the engine. */
export function keysOf(name: string, password: string): readonly Planted[] {
  const digest = passwordToKey("sha256", Buffer.from(password));
  const local = localiseKey("sha256", digest, engineId);
  const privacies = (["aes128", "aes256", "des"] as const).map((privacy) =>
    privacyKey("sha256", privacy, local, engineId),
  );
  return [digest, local, ...privacies].flatMap((key, i) =>
    // Parts of a key are found too.
    Array.from({ length: key.length / 8 }, (_, part) =>
      planted(`${name} key ${i}, octets ${8 * part}`, key.subarray(8 * part, 8 * part + 8)),
    ),
  );
}

export const secrets: readonly Planted[] = [
  planted("community of the environment", community.env),
  planted("community of a file", community.file),
  planted("authentication password", authPassword),
  planted("privacy password", privPassword),
  planted("other password", otherPassword),
  planted("key of STAMP", stampKey),
  planted("signature of a URL", signature),
  planted("password of the proxy", proxyPassword),
  planted("what the proxy is told", Buffer.from(`watcher:${proxyPassword}`).toString("base64")),
  // What they all begin with: a part of one is a leak too.
  planted("a part", "zKq7"),
  ...keysOf("authentication", authPassword),
  ...keysOf("privacy", privPassword),
  ...keysOf("other", otherPassword),
];

/** Everything that a person or a program can make of an object. */
export function shownOf(thing: unknown): string {
  const shown: string[] = [];
  const attempt = (show: () => string) => {
    try {
      shown.push(show());
    } catch (error) {
      // Not every object can be cloned; what is said then is an output like another.
      shown.push(inspect(error));
    }
  };
  const deep = { depth: Number.POSITIVE_INFINITY, showHidden: true, maxArrayLength: null, maxStringLength: null };
  attempt(() => inspect(thing, deep));
  attempt(() => inspect(thing, { ...deep, customInspect: false, getters: true }));
  attempt(() => JSON.stringify(thing));
  attempt(() => `${thing}`);
  attempt(() => format("%s %o %O %j", thing, thing, thing, thing));
  attempt(() => inspect(structuredClone(thing), deep));
  attempt(() => serialize(thing).toString("latin1"));
  attempt(() => inspect(new Error("about it", { cause: thing }), deep));
  attempt(() => JSON.stringify(Object.entries(thing as object)));
  return joinedLines(shown.join("\n"));
}
