import { Session } from "snmp-native";
import { serveOrders } from "./client.ts";
import { bgpColumns, community, ifColumns } from "./load.ts";

const sessions = new Map<number, Session>();

serveOrders(async (port) => {
  let session = sessions.get(port);
  if (session === undefined) {
    session = new Session({ host: "127.0.0.1", port, community });
    sessions.set(port, session);
  }
  const asking = session;
  const reading = { values: 0, sum: 0 };
  for (const { oid } of [...ifColumns, ...bgpColumns]) {
    await new Promise<void>((resolve, reject) => {
      asking.getSubtree({ oid: oid.split(".").map(Number) }, (error, varbinds) => {
        if (error) return reject(error);
        for (const { value } of varbinds) {
          reading.sum += Number(value);
          reading.values++;
        }
        resolve();
      });
    });
  }
  return reading;
});
