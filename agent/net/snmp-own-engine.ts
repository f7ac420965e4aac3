// Our own SNMP engine: who sends an inform speaks to it as the authoritative one, so it has an id and boots of its
// own that outlive a restart (RFC 3411 section 5, RFC 3414 section 2.2).

import type { Result } from "../lib/result.ts";
import { greatestBoots } from "../wire/snmp/usm.ts";
import { greatestEngineId, leastEngineId } from "../wire/snmp/v3.ts";

export interface OwnEngine {
  readonly id: Uint8Array;
  /** 1 or more. */
  readonly boots: number;
}

/** Where it is kept; `lib/state-file.ts` is one. */
export interface EngineMemory {
  readonly path: string;
  read(): Result<string | undefined, string>;
  write(text: string): Result<void, string>;
}

/** `remark`: why the id will be another after the next start, or is another than before; undefined when all is well. */
export interface StartedEngine {
  readonly engine: OwnEngine;
  readonly remark: string | undefined;
}

/**
 * RFC 3411 section 5, SnmpEngineID: first bit set, an enterprise number, format 5 (octets). The number is the one
 * that RFC 5612 keeps free of owners; random octets make the id unique.
 */
const engineIdHead = Uint8Array.of(0x80, 0x00, 0x7e, 0xd9, 0x05);
const randomOctets = 12;

/** Counts this start. Without a memory, or with one that fails, the engine is a new one. */
export function startOwnEngine(
  memory: EngineMemory | undefined,
  random: (octets: number) => Uint8Array,
): StartedEngine {
  const fresh = (): OwnEngine => ({ id: Buffer.concat([engineIdHead, random(randomOctets)]), boots: 1 });
  if (memory === undefined) {
    return { engine: fresh(), remark: "there is no state directory, so the engine ID is a new one at each start" };
  }
  const { path } = memory;
  const read = memory.read();
  const known = read.ok && read.value !== undefined ? parse(read.value) : undefined;
  const forgotten = known === undefined && !(read.ok && read.value === undefined);
  const engine =
    known === undefined || known.boots >= greatestBoots - 1 ? fresh() : { ...known, boots: known.boots + 1 };
  const written = memory.write(format(engine));
  if (!written.ok) {
    // With boots that are not counted, old messages could be replayed to the same id: only a new one is safe.
    const remark = `${path} cannot be written (${written.error}), so the engine ID is a new one at each start`;
    return { engine: fresh(), remark };
  }
  if (!forgotten) return { engine, remark: undefined };
  const why = read.ok ? "holds no engine ID" : `cannot be read (${read.error})`;
  return { engine, remark: `${path} ${why}, so the engine ID is a new one` };
}

function format({ id, boots }: OwnEngine): string {
  return `${JSON.stringify({ snmpEngineId: Buffer.from(id).toString("hex"), snmpEngineBoots: boots })}\n`;
}

function parse(text: string): OwnEngine | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof data !== "object" || data === null) return undefined;
  const { snmpEngineId, snmpEngineBoots } = data as Readonly<Record<string, unknown>>;
  if (typeof snmpEngineId !== "string" || !/^([0-9a-f]{2})+$/.test(snmpEngineId)) return undefined;
  const id = Uint8Array.from(Buffer.from(snmpEngineId, "hex"));
  if (id.length < leastEngineId || id.length > greatestEngineId) return undefined;
  if (typeof snmpEngineBoots !== "number" || !Number.isInteger(snmpEngineBoots) || snmpEngineBoots < 1)
    return undefined;
  return snmpEngineBoots <= greatestBoots ? { id, boots: snmpEngineBoots } : undefined;
}
