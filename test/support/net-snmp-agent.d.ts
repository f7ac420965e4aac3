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

  export interface User {
    readonly name: string;
    readonly level: number;
    readonly authProtocol?: number;
    readonly authKey?: string;
    readonly privProtocol?: number;
    readonly privKey?: string;
  }

  export const SecurityLevel: Readonly<Record<string, number>>;
  export const AuthProtocols: Readonly<Record<string, number>>;
  export const PrivProtocols: Readonly<Record<string, number>>;

  export interface Agent {
    readonly listener: { readonly sockets: Readonly<Record<string, Socket>> };
    getMib(): {
      registerProvider(provider: Provider): void;
      setScalarValue(name: string, value: unknown): void;
      addTableRow(table: string, row: readonly unknown[]): void;
    };
    getAuthorizer(): { addCommunity(community: string): void; addUser(user: User): void };
    close(done: () => void): void;
  }

  export function createAgent(
    options: { readonly port: number; readonly address: string; readonly engineID?: string },
    done: (error: Error | null) => void,
  ): Agent;
  export const MibProviderType: { readonly Scalar: number; readonly Table: number };
  export const ObjectType: Readonly<Record<string, number>>;
  export const MaxAccess: Readonly<Record<string, number>>;
}
