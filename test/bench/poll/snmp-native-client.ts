import { Session } from "snmp-native";
import { servePolls } from "./client.ts";
import { bgpColumns, ifColumns } from "./load.ts";
import { community } from "./security.ts";

const sessions = new Map<number, Session>();

servePolls(async (port) => {
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
