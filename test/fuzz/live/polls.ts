// The SNMP client with a GET or a walk in flight, while its router, or somebody who can send as if he were it, answers
// with whatever there is. What the client takes must have been said of the names that it asked for.

import { systemClock } from "../../../agent/lib/clock.ts";
import type { Result } from "../../../agent/lib/result.ts";
import { Secret } from "../../../agent/lib/secret.ts";
import type { SocketKind } from "../../../agent/net/probe-open.ts";
import { createSnmpClient, type SnmpTarget, type SnmpTargetCredentials } from "../../../agent/net/snmp-client.ts";
import type { SnmpError } from "../../../agent/net/snmp-error.ts";
import { createLocalKeys, type UsmUser } from "../../../agent/net/snmp-usm-keys.ts";
import type { WalkedTable } from "../../../agent/net/snmp-walk.ts";
import type { Cells } from "../../../agent/wire/snmp/cells.ts";
import { encodeMessage, encodePdu, type Message, type Pdu } from "../../../agent/wire/snmp/message.ts";
import { encodeOid, oid } from "../../../agent/wire/snmp/oid.ts";
import { saltOf } from "../../../agent/wire/snmp/usm-privacy.ts";
import { encodeScopedPdu, encodeV3 } from "../../../agent/wire/snmp/v3.ts";
import { answerTo, type Mib, mibOf, startResponder } from "../../support/snmp-responder.ts";
import { startV3Responder } from "../../support/v3-responder.ts";
import { byName, wrongInCells, wrongInGet, wrongInWalk } from "../answers.ts";
import { answerIn, answerInMessage, answerInScoped, hex, type OracleAnswer } from "../oracle.ts";
import { hold } from "../target.ts";
import { type Attacker, batch, type Scene } from "./scene.ts";

const rows = 8;
const columns = ["1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.6"].map(oid);
const names = columns.flatMap((column) => Array.from({ length: rows }, (_, i) => [...column, i * i * 50 + 1]));
const nameOctets = names.map((name) => hex(encodeOid(name)));
const columnOctets = columns.map(encodeOid);

/** SNMPv1 has no Counter64. */
function mibAt(poll: number, version: Message["version"] = "2c"): Mib {
  return mibOf(
    Object.fromEntries(
      names.map((name, i) => {
        const column = Math.floor(i / rows);
        if (column === 0) return [name.join("."), { type: "integer", value: 1 + ((poll + i) % 7) }] as const;
        if (column === 1) return [name.join("."), { type: "octets", value: Buffer.from(`er${i}-${poll}`) }] as const;
        if (version === "1") return [name.join("."), { type: "counter32", value: poll * 100 + i }] as const;
        return [name.join("."), { type: "counter64", value: 2n ** 60n + BigInt(poll * 100 + i) }] as const;
      }),
    ),
  );
}

/** A router that answers, with the datagrams that it has sent since the poll began. */
interface Hostile {
  readonly port: number;
  /** What a lenient reader finds in the datagrams from the router's own port. */
  said(): readonly (OracleAnswer | undefined)[];
  forget(): void;
  stop(): Promise<void>;
}

type Start = (attacker: Attacker, poll: () => number) => Promise<Hostile>;
type Send = (bytes: Uint8Array, from?: "own" | "other") => void;

const calm = 0.4;

/** Sends a batch around the honest answer; gives the datagrams that came from the router's own port. */
function flood(attacker: Attacker, send: Send, honest: Uint8Array, hostile: () => Uint8Array): readonly Uint8Array[] {
  const { dice } = attacker;
  const own: Uint8Array[] = [honest];
  // Now and then nobody attacks, or no long walk would ever come to its end.
  if (dice.next() < calm) {
    send(honest);
    return own;
  }
  const at = dice.next() < 0.2 ? dice.below(batch) : batch;
  for (let i = 0; i <= batch; i++) {
    if (i === at) send(honest);
    if (i === batch) break;
    const bytes = hostile();
    const from = dice.next() < 0.9 ? "own" : "other";
    if (from === "own") own.push(bytes);
    send(bytes, from);
  }
  return own;
}

const community = "fuzz";

const community12 =
  (version: Message["version"]): Start =>
  async (attacker, poll) => {
    let sent: Uint8Array[] = [];
    const responder = await startResponder({
      version,
      community,
      mib: () => mibAt(poll(), version),
      script({ answer, send }) {
        attacker.mine();
        const honest = encodeMessage(answer);
        sent.push(...flood(attacker, send, honest, () => attacker.attack(honest)));
      },
    });
    return {
      port: responder.port,
      said: () => sent.map(answerIn),
      forget: () => {
        sent = [];
      },
      stop: () => responder.stop(),
    };
  };

const v1 = community12("1");
const v2c = community12("2c");

const noOctets = new Uint8Array(0);

function v3(user: UsmUser): Start {
  return async (attacker, poll) => {
    const local = createLocalKeys();
    const engine = { id: Uint8Array.from(Buffer.from("80001f8804616263", "hex")), boots: 5, time: 100 };
    const keys = local(user, engine.id);
    const { dice } = attacker;
    let sent: (OracleAnswer | undefined)[] = [];
    let salt = 2n ** 40n;
    const responder = await startV3Responder({
      engine,
      user: user.name,
      keys: () => keys,
      mib: () => mibAt(poll()),
      script({ heard, answer, send }) {
        attacker.mine();
        // Discovery is nobody's secret: whoever answers it first is heard.
        if (heard.pdu === undefined) return send(answer);
        const { pdu } = answerTo({ version: "2c", community: noOctets, pdu: heard.pdu }, mibAt(poll()));
        const scoped = encodeScopedPdu(engine.id, noOctets, encodePdu(pdu as Pdu));
        const inside = new Map<Uint8Array, Uint8Array>([[answer, scoped]]);
        const own = flood(attacker, send, answer, () => {
          // Outside, the digest tells; inside is what only somebody with the keys can change.
          if (dice.next() < 0.5) return attacker.attack(answer);
          const changed = attacker.attack(scoped);
          const { boots, time } = engine;
          const envelope = { messageId: heard.messageId, reportable: false, engineId: engine.id, boots, time, keys };
          const of = keys.privacy === undefined ? noOctets : saltOf(keys.privacy.protocol, boots, salt++);
          const sealed = encodeV3({ ...envelope, user: Buffer.from(user.name), salt: of }, changed);
          inside.set(sealed, changed);
          return sealed;
        });
        for (const bytes of own) {
          const plain = inside.get(bytes);
          // Without a digest, a message that was changed outside may be believed too.
          if (plain !== undefined) sent.push(answerInScoped(plain));
          else if (keys.auth === undefined) sent.push(answerInMessage(bytes));
        }
      },
    });
    return {
      port: responder.port,
      said: () => sent,
      forget: () => {
        sent = [];
      },
      stop: () => responder.stop(),
    };
  };
}

/** Cells of a GET may come of several datagrams, when the router said tooBig: each of a part of the names. */
function wrongInParts(cells: Cells, said: readonly (OracleAnswer | undefined)[]): string | undefined {
  const right = new Set<number>();
  let last: string | undefined = "nothing that was received says so";
  for (const answer of said) {
    if (answer === undefined || answer.errorStatus !== 0n) continue;
    const from = nameOctets.indexOf(answer.bindings[0]?.name ?? "");
    if (from < 0) continue;
    const asked = nameOctets.slice(from, from + answer.bindings.length);
    const wrong = wrongInGet(cells, from, asked, answer);
    if (wrong === undefined) for (let i = 0; i < asked.length; i++) right.add(from + i);
    else last = wrong;
  }
  return right.size === names.length ? undefined : last;
}

async function get(target: SnmpTarget, hostile: Hostile): Promise<Result<unknown, SnmpError>> {
  const got = await target.get(names, { group: "fuzz", table: "ifTable" });
  if (!got.ok) return got;
  const wrong = wrongInParts(got.value, hostile.said());
  hold(wrong === undefined, wrong ?? "");
  return got;
}

async function getSome(target: SnmpTarget, hostile: Hostile): Promise<Result<unknown, SnmpError>> {
  const got = await target.get(names, { group: "fuzz", table: "ifTable" });
  if (!got.ok) return got;
  const wrong = wrongInCells(got.value, nameOctets, hostile.said());
  hold(wrong === undefined, wrong ?? "");
  return got;
}

async function walk(target: SnmpTarget, hostile: Hostile): Promise<Result<WalkedTable, SnmpError>> {
  const got = await target.walk(columns, { group: "fuzz", table: "ifTable" });
  if (!got.ok) return got;
  const wrong = wrongInWalk(got.value, 0, columnOctets, byName(hostile.said()));
  hold(wrong === undefined, wrong ?? "");
  return got;
}

/** Polls after which the client forgets what it learnt of the router: hostile answers teach it to ask for little. */
const acquaintance = 20;

/** `through` stands between the client and what judges it: a test puts a broken client there. */
function scene(
  name: string,
  start: Start,
  credentials: SnmpTargetCredentials,
  poll: typeof get | typeof walk,
  { through = (target: SnmpTarget) => target, socketKind = "kernel" as SocketKind } = {},
): Scene {
  return {
    name,
    async run(attacker, enough) {
      let polls = 0;
      const hostile = await start(attacker, () => polls);
      const client = createSnmpClient({ clock: systemClock }, { sockets: 1, socketKind });
      await client.start();
      const { port } = hostile;
      const at = { address: "127.0.0.1", port, credentials, anySource: false };
      try {
        let target = client.target({ router: "ce1", ...at });
        let ok = 0;
        while (!enough()) {
          polls += 1;
          if (polls % acquaintance === 0) target = client.target({ router: "ce1", ...at });
          hostile.forget();
          const got = await poll(through(target), hostile);
          attacker.ended(got.ok ? "accepted" : got.error.kind);
          if (got.ok) ok += 1;
        }
        hold(polls < 10 || ok > 0, "not one poll was answered");
      } finally {
        await client.stop();
        await hostile.stop();
      }
    },
  };
}

const strong: UsmUser = {
  name: "watcher",
  auth: { protocol: "sha256", password: new Secret("authpass12345") },
  privacy: { protocol: "aes128", password: new Secret("privpass12345") },
};
const weak: UsmUser = { name: "watcher", auth: undefined, privacy: undefined };

const asUser = ({ name, auth, privacy }: UsmUser): SnmpTargetCredentials => ({
  version: 3,
  user: name,
  auth,
  privacy,
  context: "",
});

const asCommunity: SnmpTargetCredentials = { version: "2c", community: new Secret(community) };
const asV1: SnmpTargetCredentials = { version: 1, community: new Secret(community) };

export const getThrough = (through: (target: SnmpTarget) => SnmpTarget) =>
  scene("live: v2c GET", v2c, asCommunity, get, { through });

export const polls: readonly Scene[] = [
  scene("live: v1 GET", v1, asV1, getSome),
  scene("live: v1 walk", v1, asV1, walk),
  scene("live: v2c GET", v2c, asCommunity, get),
  scene("live: v2c GET, portable sockets", v2c, asCommunity, get, { socketKind: "portable" }),
  scene("live: v2c walk", v2c, asCommunity, walk),
  scene("live: v3 authPriv GET", v3(strong), asUser(strong), get),
  scene("live: v3 authPriv walk", v3(strong), asUser(strong), walk),
  scene("live: v3 noAuthNoPriv GET", v3(weak), asUser(weak), get),
];
