// Runs inside a namespace: `node relay.ts '[{"listen": ..., "connect": ...}]'`, each end a TCP port on
// loopback or the path of a Unix socket. Unix sockets are files and cross namespaces, so a test talks
// to what runs inside, and is talked to, while no packet ever leaves.

import { connect, createServer } from "node:net";

export type End = number | string;
export interface Relay {
  readonly listen: End;
  readonly connect: End;
}

const endpoint = (end: End) => (typeof end === "number" ? { host: "127.0.0.1", port: end } : { path: end });

for (const relay of JSON.parse(process.argv[2] ?? "[]") as readonly Relay[]) {
  const server = createServer((near) => {
    const far = connect(endpoint(relay.connect));
    // Either end may vanish at any time; the other is told by the closing.
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(endpoint(relay.listen));
}
