// Which values a panel has to put in words, as the catalog and the language of the estate define them.

import { allMetrics } from "../../agent/catalog/metrics.ts";
import { findingKinds } from "../../agent/estate/finding.ts";
import { isolationCauses } from "../../agent/estate/isolation.ts";
import { causes, owners, witnesses } from "../../agent/estate/judgement.ts";
import { serviceCauses } from "../../agent/estate/service-judgement.ts";
import { fieldsNamedBy, type MappingModel, mappingList, type PanelModel } from "./model.ts";
import { namesOf } from "./promql-names.ts";

/** Value to word, from the metric's help ("0 unknown, 1 up, …"); empty where the help enumerates nothing. */
export function enumerated(metric: string): ReadonlyMap<string, string> {
  const help = allMetrics.find(({ name }) => name === metric)?.help ?? "";
  if (!/_(state|status)$/.test(metric)) return new Map();
  return new Map([...help.matchAll(/\b(\d) ([a-zA-Z]+)/g)].map(([, value = "", word = ""]) => [value, word]));
}

/** 0 and 1, without words of their own in the help. */
const flags = [
  "expressroute_router_up",
  "expressroute_agent_simulated",
  "expressroute_agent_isolated",
  "expressroute_agent_gateway_up",
  "expressroute_agent_interface_up",
  "expressroute_path_draining",
  "expressroute_bmp_connected",
  "expressroute_bgp_session_admin_up",
  "expressroute_path_default_route",
  "expressroute_path_router_probe_running",
  "expressroute_path_router_probe_answered",
  "expressroute_service_check_up",
  "expressroute_internet_dependency_check_up",
];
const flagValues: ReadonlyMap<string, undefined> = new Map([
  ["0", undefined],
  ["1", undefined],
]);

/** Every mapping of a panel, on all fields or on some. */
export function mappingsOf(panel: PanelModel): readonly MappingModel[] {
  const overridden = panel.fieldConfig.overrides.flatMap(({ properties }) =>
    properties.filter(({ id }) => id === "mappings").flatMap(({ value }) => mappingList.parse(value)),
  );
  return [...(panel.fieldConfig.defaults.mappings ?? []), ...overridden];
}

/**
 * The metric whose value an expression gives: the first, since what comes after `and` only picks, in the last branch
 * of an `or`, since those before it only make room.
 */
function metricShown(expression: string): string {
  return namesOf(expression.split(" or ").at(-1) ?? "").selectors[0]?.metric ?? "";
}

/** The values that a query can give, where they are states: value to the catalog's word, or undefined where it has none. */
export function statesOf(expression: string): ReadonlyMap<string, string | undefined> {
  const metric = metricShown(expression);
  return flags.includes(metric) ? flagValues : enumerated(metric);
}

/** What a panel shows as text: value, and the word that the catalog has for it, or undefined where it has none. Of two states a value may be both. */
export function valuesToMap(panel: PanelModel): readonly (readonly [value: string, word: string | undefined])[] {
  const states = panel.targets.flatMap(({ expr }) => [...statesOf(expr)]);
  const needed = new Map<string, undefined>();
  const fields = fieldsNamedBy(panel);
  const ofAgents = panel.targets.some(({ expr }) => expr.includes("expressroute_agent_isolation_cause"));
  if (fields.includes("cause")) for (const cause of ofAgents ? isolationCauses : causes) needed.set(cause, undefined);
  if (fields.includes("what")) for (const what of [...causes, ...findingKinds]) needed.set(what, undefined);
  if (fields.includes("witness")) for (const witness of witnesses) needed.set(witness, undefined);
  const ofServices = panel.targets.some(({ expr }) => /expressroute_(service|internet_dependency)_cause/.test(expr));
  if (fields.includes("cause") && ofServices) for (const cause of serviceCauses) needed.set(cause, undefined);
  if (fields.includes("owner")) for (const owner of owners) needed.set(owner, undefined);
  return [...states, ...needed];
}

/** The words that a panel has for a value: one for each column that maps it. */
export function wordsFor(panel: PanelModel, value: string): readonly string[] {
  return mappingsOf(panel).flatMap((mapping) => {
    const word = mapping.type === "value" ? mapping.options[value]?.text : undefined;
    return word === undefined ? [] : [word];
  });
}
