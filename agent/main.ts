#!/usr/bin/env node
// The composition root: the only file that sees every part. It builds them, and starts and stops them
// in order; what each part does is said in its own folder.

import { randomBytes } from "node:crypto";
import { isatty } from "node:tty";
import { Command, Option } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { check } from "./cli/check.ts";
import type { Io } from "./cli/io.ts";
import { lab } from "./cli/lab.ts";
import { hostFiles } from "./cli/load.ts";
import { run } from "./cli/run.ts";
import type { Agent } from "./cli/serve.ts";
import { createBmpStation } from "./collect/bmp-station.ts";
import { createConfirming } from "./collect/confirming.ts";
import { createNotifications } from "./collect/notifications.ts";
import { createPolling } from "./collect/polling.ts";
import type { Estate } from "./estate/estate.ts";
import type { SubjectKey } from "./estate/observation.ts";
import { checksOf, probedOf } from "./estate/probed.ts";
import { createJudging } from "./evaluate/judging.ts";
import { createUsualMemory } from "./evaluate/usual-memory.ts";
import { createPrometheusExport } from "./export/prometheus.ts";
import { gatewayStreams } from "./host/gateways.ts";
import { createHostWatch } from "./host/watch.ts";
import { createLab } from "./lab/lab.ts";
import { systemClock as clock } from "./lib/clock.ts";
import { seconds } from "./lib/duration.ts";
import { growWhileManyWait, keepHeapSmall, startSmall } from "./lib/heap.ts";
import { createLogger, type Logger, type LogLevel, logLevels } from "./lib/log.ts";
import { stateFile } from "./lib/state-file.ts";
import { createSnmpClient } from "./net/snmp-client.ts";
import { createChecking } from "./probe/checking.ts";
import { createProbing } from "./probe/probing.ts";
import { createReflecting } from "./probe/reflecting.ts";
import { createTracing } from "./probe/tracing.ts";
import { createState } from "./state/state.ts";
import { createWeb } from "./web/web.ts";

/** One agent over one estate. `simulation` says what the simulated estate does now; undefined on a real one. */
function composeAgent(estate: Estate, log: Logger, simulation: (() => string) | undefined): Agent {
  keepHeapSmall(estate.routers.size);
  const probed = probedOf(estate);
  const judged = new Map(probed.map(({ of, thresholds }) => [of, thresholds.window]));
  const { windows, buckets } = estate.statistics;

  const keep = (of: SubjectKey) => judged.get(of) ?? seconds(10);
  const state = createState({ keep, windows: windows.map(({ span }) => span), buckets });
  const { observe } = state;
  const snmp = createSnmpClient({ clock, log });
  const polling = createPolling({ clock, log, snmp, observe }, estate);
  let stopGrowing = () => {};
  // systemd names several, if there are, with colons between them.
  const stateDirectory = estate.stateDirectory ?? process.env.STATE_DIRECTORY?.split(":")[0];
  const memory = stateDirectory === undefined ? undefined : stateFile(stateDirectory, "snmp-engine.json");
  const told = { clock, log, random: randomBytes, observe, poll: polling.confirm };
  const notifications = createNotifications({ ...told, memory }, estate);
  const bmp = createBmpStation(told, estate);
  const streams = probed.flatMap(({ of, probes }) => probes.map((target, index) => ({ of, index, target })));
  const probing = createProbing({ clock, log, observe }, streams);
  const host = createHostWatch({ clock, log, observe, gateways: (g) => probing.besides(gatewayStreams(g)) }, estate);
  const checking = createChecking({ clock, log, observe }, checksOf(estate));
  const reflecting = createReflecting({ clock, log }, estate.reflector);
  const tracing = createTracing({ clock, log, observe }, estate.tracing);
  const confirming = createConfirming({ clock, poll: polling.confirm }, estate.routers.keys());
  const doubt = (router: string) => confirming.confirm(router, ["interfaces"]);
  const usualFile = stateDirectory === undefined ? undefined : stateFile(stateDirectory, "usual.json");
  const usual = createUsualMemory({ clock, log, file: usualFile }, estate);
  const judging = createJudging(
    { clock, log, snapshot: state, remembered: usual.remembered, degraded: tracing.degraded, doubt },
    estate,
  );
  const metrics = createPrometheusExport({
    estate,
    snapshot: state,
    judgement: judging.latest,
    clock,
    agent: {
      version: packageJson.version,
      simulated: simulation !== undefined,
      pollOverruns: polling.overruns,
      openBreakers: polling.openBreakers,
      snmpMessages: snmp.requests.read,
      snmpDropped: snmp.dropped.read,
      notifications,
      bmp: bmp.read,
      probesDropped: probing.dropped,
      probesSkipped: probing.skipped,
      probeRestarts: probing.restarts,
      checking,
      reflector: reflecting,
      tracing,
      httpRequests: () => web.requests(),
    },
  });
  const web = createWeb(
    {
      estate,
      metrics,
      judgement: judging.latest,
      snapshot: state,
      clock,
      log,
      version: packageJson.version,
      simulation,
      startedAt: clock.now(),
    },
    estate.web,
  );

  return {
    async start() {
      // The port comes first: when it is taken nothing else has begun.
      const listening = await web.start();
      if (!listening.ok) return listening;
      const heard = await notifications.start();
      if (!heard.ok) return heard;
      const monitoring = await bmp.start();
      if (!monitoring.ok) return monitoring;
      const reflected = await reflecting.start();
      if (!reflected.ok) return reflected;
      await snmp.start();
      probing.start();
      host.start();
      checking.start();
      tracing.start();
      polling.start();
      stopGrowing = growWhileManyWait(clock, estate.routers.size, snmp.waiting);
      usual.start(judging.latest);
      judging.start();
      return listening;
    },
    async stop() {
      judging.stop();
      stopGrowing();
      host.stop();
      confirming.stop();
      polling.stop();
      await Promise.all([
        usual.stop(),
        notifications.stop(),
        bmp.stop(),
        probing.stop(),
        checking.stop(),
        tracing.stop(),
        reflecting.stop(),
        snmp.stop(),
        web.stop(),
      ]);
    },
  };
}

startSmall();

const io: Io = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
};

/**
 * Settles at the first Ctrl-C or SIGTERM, or when the terminal goes. A second one is not ours any more, and ends the process at
 * once: to exit with threads that are loading would abort it (decision 32).
 */
function stopSignal(log: Logger): Promise<void> {
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
  if (isatty(0)) signals.push("SIGHUP");
  else process.on("SIGHUP", () => log.warn({}, "SIGHUP changes nothing: restart to read the configuration again"));
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}

const logLevel = () => new Option("--log-level <level>", "what to log on standard error").choices(logLevels);

const program = new Command("circuitwatch")
  .description("Watches both redundant paths of every Azure ExpressRoute circuit.")
  .version(packageJson.version)
  .showHelpAfterError("(circuitwatch --help lists the commands)");

program
  .command("run")
  .description("watch the estate of a configuration file")
  .requiredOption("-c, --config <file>", "the configuration (YAML)")
  .addOption(logLevel().default("info"))
  .action(async ({ config, logLevel }: { config: string; logLevel: LogLevel }) => {
    const log = createLogger(logLevel);
    const compose = (estate: Estate) => composeAgent(estate, log, undefined);
    process.exitCode = await run(config, { compose, stopped: stopSignal(log), host: hostFiles(), io });
  });

program
  .command("lab")
  .description("watch a simulated estate on this machine: no root, no routers, no configuration")
  .option("--listen <host:port>", "where to serve the page and the metrics", "127.0.0.1:9580")
  .addOption(logLevel().default("warn"))
  .action(async ({ listen, logLevel }: { listen: string; logLevel: LogLevel }) => {
    const log = createLogger(logLevel);
    const simulated = createLab({ clock, log, random: Math.random }, { listen });
    const compose = (estate: Estate) => composeAgent(estate, log, simulated.chapter);
    process.exitCode = await lab(simulated, { compose, stopped: stopSignal(log), io });
  });

program
  .command("check")
  .description("say everything that is wrong with a configuration file")
  .argument("<file>", "the configuration (YAML)")
  .action(async (file: string) => {
    process.exitCode = await check(file, { ...hostFiles(), ...io });
  });

const [node, script, ...args] = process.argv;
// Without a word it shows itself: a default command would take every mistyped word for its own.
await program.parseAsync([node ?? "", script ?? "", ...(args.length === 0 ? ["lab"] : args)]);
