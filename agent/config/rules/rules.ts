// What no single key can show: references between parts of the file, and values that do not fit together.

import * as bmp from "./bmp.ts";
import * as circuits from "./circuits.ts";
import * as communities from "./communities.ts";
import * as credentials from "./credentials.ts";
import * as globalReach from "./global-reach.ts";
import * as prefixGuard from "./prefix-guard.ts";
import * as probes from "./probes.ts";
import * as proxies from "./proxies.ts";
import * as reflector from "./reflector.ts";
import * as routerProbes from "./router-probes.ts";
import * as routers from "./routers.ts";
import type { Rule } from "./rule.ts";
import * as services from "./services.ts";
import * as statistics from "./statistics.ts";
import * as subnets from "./subnets.ts";
import * as thresholds from "./thresholds.ts";
import * as tracing from "./tracing.ts";

export const rules: readonly Rule[] = [
  credentials.credentialsFitTheirVersion,
  routers.credentialsAreDefined,
  routers.routersHaveTheirOwnAddress,
  routers.notificationAddressesAreOfOneRouter,
  circuits.linksEndOnDefinedRouters,
  circuits.linksAreApart,
  circuits.providerEdgeFitsTheModel,
  circuits.peeringsAreThere,
  circuits.subnetsAreThere,
  circuits.bandwidthsAreSold,
  circuits.vlansDiffer,
  circuits.serviceKeysDiffer,
  circuits.microsoftHasNoDocumentAsn,
  subnets.subnetsAreApart,
  subnets.subnetsAreOfOneFamily,
  subnets.microsoftHasPublicSubnets,
  probes.probesHaveWhatTheirTechniqueNeeds,
  probes.sourcesFitTheirTargets,
  reflector.reflectorHasSenders,
  statistics.windowsDiffer,
  statistics.bucketsAscend,
  prefixGuard.noteIsNotAboveRaise,
  bmp.bmpRoutersAreDefined,
  bmp.bmpAddressesAreOfOneRouter,
  probes.linkLocalTargetsHaveAnInterface,
  routerProbes.routerProbesAreNamedInOneWay,
  globalReach.globalReachJoinsTwoCircuits,
  globalReach.probesRunBetweenSites,
  thresholds.clearIsNotAboveRaise,
  thresholds.probesAreOftenEnough,
  services.servicesHavePeerings,
  services.somethingIsChecked,
  services.checksHaveWhatTheirTechniqueNeeds,
  services.checkFamiliesFit,
  services.checkNamesDiffer,
  services.dnsAnswersFitTheirRecord,
  services.checksEndBeforeTheNext,
  services.durationClearsBelowRaise,
  proxies.proxiesAreDefined,
  proxies.proxiesAreWhole,
  communities.communitiesFitTheirPeering,
  tracing.tracesFitTheRate,
  tracing.tracedPathsHaveATarget,
];
