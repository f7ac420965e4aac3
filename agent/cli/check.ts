// `circuitwatch check FILE`: says everything that is wrong with a configuration, or what it watches.

import { type Estate, pathsOf } from "../estate/estate.ts";
import type { Io } from "./io.ts";
import { type HostFiles, loadConfig } from "./load.ts";

/** The exit code: 0 when the file can be used, 1 when not. */
export async function check(file: string, io: Io & HostFiles): Promise<number> {
  const loaded = loadConfig(file, io);
  if (!loaded.ok) {
    for (const line of loaded.error) io.err(line);
    return 1;
  }
  io.out(`${file}: ok: ${summary(loaded.value)}`);
  return 0;
}

/** `3 sites, 4 routers, 2 circuits, 4 paths`; a site without routers may be right, and may be misspelt. */
export function summary(estate: Estate): string {
  const sites = new Set([estate.site, ...[...estate.routers.values()].map((router) => router.site)]);
  const watched: readonly (readonly [number, string, string])[] = [
    [estate.services.length, "service", "services"],
    [estate.internetDependencies.length, "internet dependency", "internet dependencies"],
  ];
  const counted: readonly (readonly [number, string])[] = [
    [sites.size, "site"],
    [estate.routers.size, "router"],
    [estate.circuits.size, "circuit"],
    [pathsOf(estate).length, "path"],
  ];
  const isApart = ![...estate.routers.values()].some(({ site }) => site === estate.site);
  return [
    ...counted.map(([n, word]) => `${n} ${word}${n === 1 ? "" : "s"}`),
    ...watched.flatMap(([n, one, many]) => (n === 0 ? [] : [`${n} ${n === 1 ? one : many}`])),
    ...(isApart ? [`no router at ${estate.site}, the site of this agent`] : []),
  ].join(", ");
}
