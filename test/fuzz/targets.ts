// Every decoder that the fuzzer runs. A new one: a target in `targets/`, and its name here; `fuzz.test.ts` fails while
// an exported reader of agent/wire is in none.

import type { FuzzTarget } from "./target.ts";
import { dottedNames, elements, numbers, oids, values } from "./targets/ber.ts";
import { bgpNotifications, bgpOpens, bgpUpdates, bmpMessages, bmpSessions } from "./targets/bgp.ts";
import { gets, messages, pdus, responsePdus, responses } from "./targets/messages.ts";
import { notifications } from "./targets/notifications.ts";
import { echoes, fpingLines, ipv4Datagrams, stampReplies, stampRequests } from "./targets/probes.ts";
import { devices, figures, ipv4Routes, ipv6Routes } from "./targets/proc.ts";
import { authenticatedReplies, authenticatedRequests, reflections } from "./targets/reflector.ts";
import { rows } from "./targets/rows.ts";
import { extendedErrors, quotedDatagrams, quotedEchoes, traceAnswers } from "./targets/traces.ts";
import { ciphers, scopedPdus, v3Insiders, v3Messages } from "./targets/usm.ts";
import { walks } from "./targets/walks.ts";

export const targets: readonly FuzzTarget[] = [
  elements,
  numbers,
  oids,
  dottedNames,
  values,
  messages,
  pdus,
  responses,
  responsePdus,
  gets,
  walks,
  rows,
  notifications,
  v3Messages,
  v3Insiders,
  scopedPdus,
  ciphers,
  echoes,
  ipv4Datagrams,
  fpingLines,
  stampRequests,
  stampReplies,
  authenticatedRequests,
  authenticatedReplies,
  reflections,
  ipv4Routes,
  ipv6Routes,
  devices,
  figures,
  extendedErrors,
  quotedEchoes,
  quotedDatagrams,
  traceAnswers,
  bgpOpens,
  bgpNotifications,
  bgpUpdates,
  bmpMessages,
  bmpSessions,
];
