// Communities, passwords and keys appear nowhere: a real agent runs with secrets that exist only here, asks routers that
// answer, refuse, lie and are silent, and everything that it shows is searched.

import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLocalKeys, type UsmUser } from "../../agent/net/snmp-usm-keys.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { edited } from "../config/estate-yaml.ts";
import { eventually } from "../support/eventually.ts";
import { startProxy } from "../support/proxy.ts";
import { mibOf, startResponder } from "../support/snmp-responder.ts";
import { startV3Responder } from "../support/v3-responder.ts";
import { joinedLines, leaksIn } from "./search.ts";
import {
  authPassword,
  community,
  engineId,
  otherPassword,
  privPassword,
  proxyPassword,
  secrets,
  signature,
  stampKey,
  user,
} from "./sentinels.ts";

describe("an agent that asks routers of every kind", () => {
  const directory = mkdtempSync(join(tmpdir(), "sentinels-"));
  const stops: (() => Promise<unknown>)[] = [];
  const outputs = new Map<string, string>();
  const main = resolve(import.meta.dirname, "../../agent/main.ts");
  const env = {
    PATH: process.env.PATH ?? "",
    COMMUNITY: community.env,
    AUTH_PASSWORD: authPassword,
    PRIV_PASSWORD: privPassword,
    OTHER_PASSWORD: otherPassword,
    STAMP_KEY: stampKey,
    PROXY_PASSWORD: proxyPassword,
    CREDENTIALS_DIRECTORY: directory,
  };
  const mib = mibOf({
    "1.3.6.1.2.1.1.2.0": { type: "oid", value: oid("1.3.6.1.4.1.8072.3.2.10") },
    "1.3.6.1.2.1.1.3.0": { type: "timeTicks", value: 100 },
    "1.3.6.1.2.1.1.5.0": { type: "octets", value: Buffer.from("ce") },
  });
  /** Routers, and whether anything has reached them. */
  const reached = new Map<string, () => number>();
  /** What the log says of them in the end: each way of asking and failing was gone through. */
  const expected = [
    "reflecting STAMP",
    "router answers: unknown -> up",
    "router v1-answers: unknown -> up",
    "router by-file: unknown -> up",
    "router v3-answers: unknown -> up",
    "router v3-des: unknown -> up",
    "router v3-aes256: unknown -> up",
    "router other-community: unknown -> unreachable",
    "router refuses: unknown -> unreachable",
    "router malformed: unknown -> unreachable",
    "router echoes: unknown -> unreachable",
    "router elsewhere: unknown -> unreachable",
    "router version-of-v3: unknown -> unreachable",
    "router silent: unknown -> unreachable",
    "router v3-wrong-digest: unknown -> unreachable",
    "router v3-unknown-user: unknown -> unreachable",
    "router v3-malformed: unknown -> unreachable",
    "router v3-forged: unknown -> unreachable",
    "but one came from 127.0.0.1",
    "another community",
    "authorizationError",
    "no valid SNMP v2c answers",
    "no valid SNMP v3 answers",
    "wrongDigest",
    "unknownUserName",
    "an answer with a wrong digest",
    "answers, but shows no interface at all",
    "service orders: unknown -> down",
    "does not take the user and password",
  ] as const;
  const unsaid = () => expected.filter((said) => !outputs.get("run stderr")?.includes(said));

  async function routers(): Promise<ReadonlyMap<string, { readonly port: number; readonly credentials: string }>> {
    const ports = new Map<string, { readonly port: number; readonly credentials: string }>();
    const v2c = async (name: string, options: Parameters<typeof startResponder>[0], credentials = "environment") => {
      const responder = await startResponder(options);
      stops.push(responder.stop);
      if (credentials !== "strong") reached.set(name, () => responder.requests().length);
      ports.set(name, { port: responder.port, credentials });
    };
    await v2c("answers", { community: community.env, mib: () => mib });
    await v2c("v1-answers", { version: "1", community: community.env, mib: () => mib }, "old");
    await v2c("by-file", { community: community.file, mib: () => mib }, "file");
    await v2c("other-community", {
      community: community.env,
      mib: () => mib,
      script: ({ answer, send }) => send(encodeMessage({ ...answer, community: Buffer.from("public") })),
    });
    await v2c("refuses", {
      community: community.env,
      mib: () => mib,
      script: ({ answer, send }) =>
        send(encodeMessage({ ...answer, pdu: { ...answer.pdu, type: "response", errorStatus: 16, errorIndex: 1 } })),
    });
    await v2c("malformed", {
      community: community.env,
      mib: () => mib,
      // A valid head, with the community, and then nothing.
      script: ({ answer, send }) => send(encodeMessage(answer).subarray(0, -5)),
    });
    await v2c("echoes", {
      community: community.env,
      mib: () => mib,
      script: ({ request, send }) => send(encodeMessage(request)),
    });
    await v2c("elsewhere", {
      community: community.env,
      mib: () => mib,
      script: ({ answer, send }) => send(encodeMessage(answer), "other"),
    });
    await v2c("version-of-v3", { community: community.env, mib: () => mib }, "strong");

    const silent = createSocket("udp4");
    await once(silent.bind(0, "127.0.0.1"), "listening");
    let heard = 0;
    silent.on("message", () => heard++);
    stops.push(() => new Promise<void>((done) => silent.close(() => done())));
    reached.set("silent", () => heard);
    ports.set("silent", { port: silent.address().port, credentials: "file" });

    const local = createLocalKeys();
    const v3 = async (
      name: string,
      credentials: string,
      has: UsmUser,
      script?: Parameters<typeof startV3Responder>[0]["script"],
    ) => {
      const responder = await startV3Responder({
        engine: { id: engineId, boots: 3, time: 50 },
        user: has.name,
        keys: (of) => local(has, of),
        mib: () => mib,
        ...(script === undefined ? {} : { script }),
      });
      stops.push(responder.stop);
      reached.set(name, () => responder.heard().length);
      ports.set(name, { port: responder.port, credentials });
    };
    await v3("v3-answers", "strong", user());
    await v3("v3-des", "des", user(authPassword, "des"));
    await v3("v3-aes256", "aes256", user(authPassword, "aes256"));
    await v3("v3-wrong-digest", "other", user());
    await v3("v3-unknown-user", "strong", { ...user(), name: "somebody" });
    await v3("v3-malformed", "strong", user(), ({ answer, heard: { pdu }, send }) =>
      send(pdu === undefined ? answer : answer.subarray(0, -3)),
    );
    await v3("v3-forged", "strong", user(), ({ answer, heard: { pdu }, send }) => {
      const changed = Uint8Array.from(answer);
      if (pdu !== undefined) changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
      send(changed);
    });
    return ports;
  }

  function configuration(ports: Awaited<ReturnType<typeof routers>>, proxy: number): string {
    const auth = (name: string) => `auth: { protocol: sha256, password: { env: ${name} } }`;
    const v3 = (privacy: string, password = "AUTH_PASSWORD") =>
      `{ version: 3, user: watcher, ${auth(password)}, privacy: { protocol: ${privacy}, password: { env: PRIV_PASSWORD } } }`;
    return [
      "site: ams",
      'web: { listen: "127.0.0.1:0" }',
      'reflector: { listen: "127.0.0.1:0", senders: [127.0.0.1/32], key: { env: STAMP_KEY } }',
      "snmp:",
      "  interval: 1s",
      "  credentials:",
      "    old: { version: 1, community: { env: COMMUNITY } }",
      "    environment: { version: 2c, community: { env: COMMUNITY } }",
      `    file: { version: 2c, community: { file: ${join(directory, "community")} } }`,
      `    strong: ${v3("aes128")}`,
      `    des: ${v3("des")}`,
      `    aes256: ${v3("aes256")}`,
      `    other: ${v3("aes128", "OTHER_PASSWORD")}`,
      "routers:",
      ...[...ports].map(
        ([name, { port, credentials }]) =>
          `  ${name}: { site: ams, address: 127.0.0.1, port: ${port}, credentials: ${credentials} }`,
      ),
      "circuits:",
      "  ams-1:",
      "    serviceKey: 7a3c0000-0000-4000-8000-000000000001",
      "    provider: Equinix",
      "    peeringLocation: Amsterdam",
      "    bandwidth: 1Gbps",
      "    sku: premium",
      "    connectivityModel: cloudExchange",
      "    links:",
      "      primary: { router: answers, interface: er0 }",
      "      secondary: { router: v3-answers, interface: er0 }",
      "    peerings:",
      "      azurePrivate:",
      "        vlan: 100",
      "        customerAsn: 65010",
      "        subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
      "        probes:",
      ...["primary", "secondary"].map(
        (link) =>
          `          ${link}: [{ technique: stamp, address: 127.0.0.1, port: ${ports.get("silent")?.port}, source: 127.0.0.1, key: { env: STAMP_KEY } }]`,
      ),
      "services:",
      "  orders:",
      "    circuit: ams-1",
      "    peering: azurePrivate",
      // The query of a URL may be a signature. Nothing listens there, so that a failure is told.
      `    checks: [{ technique: http, url: "http://127.0.0.1:1/?sig=${signature}", interval: 1s, timeout: 1s }]`,
      `checking: { proxies: { corporate: { host: 127.0.0.1, port: ${proxy}, user: watcher, password: { env: PROXY_PASSWORD } } } }`,
      "internetDependencies:",
      "  crl:",
      "    kind: certificateRevocation",
      "    checks:",
      ...["http", "https"].map(
        (scheme) =>
          `      - { technique: http, url: "${scheme}://crl.example/", proxy: corporate, interval: 1s, timeout: 1s }`,
      ),
      "",
    ].join("\n");
  }

  /** Starts the agent as a person does; what it writes goes to `outputs`. */
  function start(name: string, ...args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of ["stdout", "stderr"] as const) {
      const key = `${name} ${stream}`;
      outputs.set(key, "");
      child[stream]?.setEncoding("utf8").on("data", (text: string) => outputs.set(key, outputs.get(key) + text));
    }
    return child;
  }

  beforeAll(async () => {
    writeFileSync(join(directory, "community"), `${community.file}\n`);
    const config = join(directory, "estate.yaml");
    // It says who asked in its refusal.
    const proxy = await startProxy({ to: 1, wants: "Basic of somebody else" });
    stops.push(proxy.stop);
    reached.set("proxy, with who asks", () => proxy.asked.filter(({ authorization }) => authorization).length);
    writeFileSync(config, configuration(await routers(), proxy.port));
    const agent = start("run", "run", "--config", config, "--log-level", "debug");
    const url = () => /metrics +(http:\S+)\/metrics/.exec(outputs.get("run stdout") ?? "")?.[1];
    await eventually("the agent serves", () => url() !== undefined || agent.exitCode !== null);
    const base = url();
    if (base === undefined) throw new Error(outputs.get("run stderr"));
    // What is still missing at the end of the time is named by the test below.
    await eventually("every router has been asked", () => unsaid().length === 0).catch(() => {});
    for (const path of ["/", "/metrics", "/api/v1/status", "/healthz", "/readyz", "/nowhere", "/static/status.js"]) {
      const answer = await fetch(base + path);
      outputs.set(`GET ${path}`, `${JSON.stringify([...answer.headers])}\n${await answer.text()}`);
    }
    outputs.set("POST /", await (await fetch(`${base}/`, { method: "POST", body: "x" })).text());
    agent.kill("SIGTERM");
    await once(agent, "close");

    const bad = join(directory, "bad.yaml");
    writeFileSync(bad, edited(["{ env: SNMP_COMMUNITY }", community.env], ["sku: premium", "sku: gold"]));
    await once(start("check", "check", bad), "close");
    await once(start("run of a bad file", "run", "--config", bad), "close");
  });

  afterAll(async () => {
    for (const stop of stops) await stop();
    rmSync(directory, { recursive: true });
  });

  it("has met every kind of router", () => {
    expect(unsaid()).toEqual([]);
    for (const [name, count] of reached) expect(count(), name).toBeGreaterThan(0);
  });

  it("shows no secret anywhere", () => {
    expect(outputs.size).toBeGreaterThanOrEqual(14);
    for (const [name, output] of outputs) expect(leaksIn(joinedLines(output), secrets), name).toEqual([]);
    for (const name of ["run stdout", "run stderr", "GET /", "GET /metrics", "GET /api/v1/status", "check stderr"]) {
      expect(outputs.get(name)?.length, name).toBeGreaterThan(100);
    }
  });
});
