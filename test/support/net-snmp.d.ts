// The part of npm net-snmp that the tests use as an independent SNMP client; the package ships no types.

declare module "net-snmp" {
  export interface Varbind {
    readonly oid: string;
    readonly type: number;
    /** number, string (an OID), or Buffer (octets, Counter64). */
    readonly value: unknown;
  }

  export interface SessionOptions {
    readonly version?: number;
    readonly port?: number;
    readonly trapPort?: number;
    /** Milliseconds. */
    readonly timeout?: number;
    readonly retries?: number;
  }

  export interface Session {
    get(oids: readonly string[], done: (error: Error | null, varbinds: readonly Varbind[]) => void): void;
    subtree(
      oid: string,
      maxRepetitions: number,
      feed: (varbinds: readonly Varbind[]) => void,
      done: (error: Error | null | undefined) => void,
    ): void;
    trap(what: number | string, varbinds: readonly Varbind[], options: NotifyOptions, done: Done): void;
    inform(what: number | string, varbinds: readonly Varbind[], options: NotifyOptions, done: Done): void;
    close(): void;
  }
  type Done = (error: Error | null | undefined) => void;
  interface NotifyOptions {
    /** Hundredths of a second. */
    readonly upTime: number;
  }

  export const Version1: number;
  export const Version2c: number;
  export function createSession(target: string, community: string, options: SessionOptions): Session;
  export function createV3Session(target: string, user: User, options: SessionOptions): Session;
  export function isVarbindError(varbind: Varbind): boolean;
}
