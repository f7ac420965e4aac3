// What the benchmark uses of npm's snmp-native, which ships no types.

declare module "snmp-native" {
  export interface VarBind {
    readonly value: unknown;
  }
  export class Session {
    constructor(options: { readonly host: string; readonly port: number; readonly community: string });
    getSubtree(
      options: { readonly oid: readonly number[] },
      done: (error: Error | null, varbinds: readonly VarBind[]) => void,
    ): void;
  }
}
