// An HTTP proxy on loopback that leads on to one server, whatever is asked for, as the test wants it to behave.

import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export interface TestProxy {
  readonly port: number;
  readonly asked: { readonly what: string; readonly host: string | undefined; readonly authorization: unknown }[];
  stop(): Promise<void>;
}

/** `answer`: what it says instead of leading on; `silent` says nothing. `wants`: the authorization without which it answers 407. */
export async function startProxy({
  to,
  answer,
  wants,
  host = "127.0.0.1",
}: {
  readonly to: number;
  readonly answer?: string;
  readonly wants?: string;
  readonly host?: string;
}): Promise<TestProxy> {
  const asked: TestProxy["asked"][number][] = [];
  const open = new Set<Socket>();
  const note = ({ method, url, headers }: IncomingMessage) =>
    asked.push({ what: `${method} ${url}`, host: headers.host, authorization: headers["proxy-authorization"] });
  const refuses = ({ headers }: IncomingMessage) => wants !== undefined && headers["proxy-authorization"] !== wants;
  // What an unkind proxy would say: who asked comes back in its answer.
  const refusal = ({ headers }: IncomingMessage) =>
    `HTTP/1.1 407 ${headers["proxy-authorization"] ?? "who"}\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n`;
  const server = createServer((asking, response) => {
    note(asking);
    if (refuses(asking)) return void asking.socket.end(refusal(asking));
    if (answer === "silent") return;
    if (answer !== undefined) return void asking.socket.end(answer);
    const { pathname, search } = new URL(asking.url ?? "");
    const { "proxy-authorization": _, ...headers } = asking.headers;
    const onward = request({ host, port: to, path: pathname + search, method: asking.method ?? "", headers });
    onward.on("response", (message) => {
      response.writeHead(message.statusCode ?? 0, message.headers);
      message.pipe(response);
    });
    onward.on("error", () => response.destroy());
    onward.end();
  });
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket)).on("error", () => undefined);
  });
  server.on("connect", (asking, socket: Socket) => {
    note(asking);
    if (refuses(asking)) return void socket.end(refusal(asking));
    if (answer === "silent") return;
    if (answer !== undefined) return void socket.end(answer);
    const onward = connect(to, host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    socket.once("close", () => onward.destroy());
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
