import snmp from "net-snmp";
import { servePolls } from "./client.ts";
import { bgpColumns, ifColumns } from "./load.ts";
import { community } from "./security.ts";

const sessions = new Map<number, snmp.Session>();

/** A Counter64 comes as its octets. */
function numberOf(value: unknown): number {
  return Buffer.isBuffer(value) ? value.reduce((n, octet) => n * 256 + octet, 0) : Number(value);
}

servePolls(async (port) => {
  let session = sessions.get(port);
  if (session === undefined) {
    session = snmp.createSession("127.0.0.1", community, { version: snmp.Version2c, port });
    sessions.set(port, session);
  }
  const { subtree } = session;
  const reading = { values: 0, sum: 0 };
  for (const { oid } of [...ifColumns, ...bgpColumns]) {
    await new Promise<void>((resolve, reject) => {
      const feed = (varbinds: readonly { readonly value: unknown }[]) => {
        for (const { value } of varbinds) {
          reading.sum += numberOf(value);
          reading.values++;
        }
      };
      subtree.call(session, oid, 25, feed, (error: Error | null | undefined) => (error ? reject(error) : resolve()));
    });
  }
  return reading;
});
