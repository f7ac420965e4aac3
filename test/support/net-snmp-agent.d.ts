// The part of npm net-snmp that the tests use as an independent SNMP agent.

declare module "net-snmp" {
  import type { Socket } from "node:dgram";

  export interface Column {
    readonly number: number;
    readonly name: string;
    readonly type: number;
    readonly maxAccess: number;
  }

  export type Provider =
    | {
        readonly name: string;
        readonly type: number;
        readonly oid: string;
        readonly scalarType: number;
        readonly maxAccess: number;
      }
    | {
        readonly name: string;
        readonly type: number;
        readonly oid: string;
        readonly maxAccess: number;
        readonly tableColumns: readonly Column[];
        readonly tableIndex: readonly { readonly columnName: string }[];
      };

  export interface Agent {
    readonly listener: { readonly sockets: Readonly<Record<string, Socket>> };
    getMib(): {
      registerProvider(provider: Provider): void;
      setScalarValue(name: string, value: unknown): void;
      addTableRow(table: string, row: readonly unknown[]): void;
    };
    getAuthorizer(): { addCommunity(community: string): void };
    close(done: () => void): void;
  }

  export function createAgent(
    options: { readonly port: number; readonly address: string },
    done: (error: Error | null) => void,
  ): Agent;
  export const MibProviderType: { readonly Scalar: number; readonly Table: number };
  export const ObjectType: Readonly<Record<string, number>>;
  export const MaxAccess: Readonly<Record<string, number>>;
}
