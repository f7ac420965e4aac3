// HTTP over the Unix sockets that lead into the jump host's namespace, and the receiver of pages.

import { createServer, request, type Server } from "node:http";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** GET over a Unix socket; rejects when nothing answers within 10 s. */
export function get(socketPath: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, agent: false, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", reject);
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer to GET ${path} within 10 s`)));
    asked.on("error", reject);
    asked.end();
  });
}

/** Whether GET of a path gives 200. */
export async function answers(socketPath: string, path: string): Promise<boolean> {
  try {
    return (await get(socketPath, path)).status === 200;
  } catch {
    return false;
  }
}

/** One alert of one notification, as Alertmanager's webhook carries it. */
export interface Page {
  /** Milliseconds since 1970 at which the notification arrived. */
  readonly at: number;
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Alertmanager's own identity of the alert: a hash of its labels. */
  readonly fingerprint: string;
}

export interface Pager {
  /** Everything received, oldest first. */
  readonly pages: readonly Page[];
  /** Names of the alerts that were paged and not yet said to be resolved. */
  open(): readonly string[];
  stop(): Promise<void>;
}

/** Receives Alertmanager's webhook on a Unix socket. */
export async function startPager(socketPath: string): Promise<Pager> {
  const pages: Page[] = [];
  const server: Server = createServer((asked, response) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      const at = Date.now();
      const { alerts } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { alerts: readonly Omit<Page, "at">[] };
      for (const { status, labels, annotations, fingerprint } of alerts) {
        pages.push({ at, status, labels, annotations, fingerprint });
      }
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  return {
    pages,
    open() {
      const last = new Map(pages.map((page) => [page.fingerprint, page]));
      return [...last.values()].filter(({ status }) => status === "firing").map(({ labels }) => labels.alertname ?? "");
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
