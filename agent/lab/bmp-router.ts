// A simulated router's connection to the BMP station: made as soon as somebody listens there, and again whenever it is lost.

import type { Clock } from "../lib/clock.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import { connectTcp } from "../net/tcp-client.ts";
import { createBmpSpeaker } from "./bmp-speaker.ts";
import type { RouterPlan } from "./plan.ts";
import type { Simulation } from "./simulation.ts";

export interface BmpRouter {
  start(): void;
  stop(): void;
}

/** A router tells at once; a fifth of a second is that, for who watches. */
const looksEvery = milliseconds(200);
const patience = seconds(2);

type Connection = Extract<Awaited<ReturnType<typeof connectTcp>>, { readonly ok: true }>["value"];

export function createBmpRouter(
  { clock, present }: { readonly clock: Clock; readonly present: () => Simulation },
  router: RouterPlan,
  station: { readonly address: string; readonly port: number },
): BmpRouter {
  const speaker = createBmpSpeaker(router, present());
  let connection: Connection | undefined;
  let attempt: AbortController | undefined;
  let cancel: (() => void) | undefined;

  async function connect(): Promise<void> {
    const mine = new AbortController();
    attempt = mine;
    const cancelPatience = clock.after(patience, () => mine.abort());
    const connected = await connectTcp({ ...station, source: router.address }, mine.signal);
    cancelPatience();
    attempt = undefined;
    if (!connected.ok) return;
    if (mine.signal.aborted) return void connected.value.destroy();
    const socket = connected.value;
    connection = socket;
    socket.on("close", () => {
      if (connection === socket) connection = undefined;
    });
    // The station says nothing; who does not read does not see it end either.
    socket.resume();
    present();
    for (const message of speaker.opening()) socket.write(message);
  }

  function look(): void {
    cancel = clock.after(looksEvery, look);
    if (connection === undefined) {
      if (attempt === undefined) void connect();
      return;
    }
    present();
    for (const message of speaker.news()) connection.write(message);
  }

  return {
    start: look,
    stop() {
      cancel?.();
      attempt?.abort();
      connection?.destroy();
      connection = undefined;
    },
  };
}
