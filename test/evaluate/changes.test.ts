// What the log says: an isolation once at its begin and once at its end, for all that turns unknown with it.

import { describe, expect, it } from "vitest";
import type { Judgement } from "../../agent/estate/judgement.ts";
import { changesBetween } from "../../agent/evaluate/changes.ts";
import { declaring } from "../support/declared.ts";
import { estate } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

/** The messages of a history, judged in steps as the scene plays it. */
function told(s: Scene, seconds: number): readonly string[] {
  const messages: string[] = [];
  let before: Judgement = s.latest();
  for (let i = 0; i < seconds * 4; i++) {
    const after = s.play(0.25);
    messages.push(...changesBetween(before, after).map(({ message }) => message));
    before = after;
  }
  return messages;
}

describe("the log", () => {
  it("says an isolation once, and its end, and nothing of all that went with it", () => {
    const s = scene();
    s.host.tells = true;
    s.play(20);
    for (const part of [s.primary, s.secondary, s.pair]) Object.assign(part, { answers: false, dark: true });
    s.host.gateway = "silent";
    expect(told(s, 20)).toEqual(["monitor isolated: everything else is unknown"]);
    for (const part of [s.primary, s.secondary, s.pair]) Object.assign(part, { answers: true, dark: false });
    s.host.gateway = "answers";
    expect(told(s, 20)).toEqual([expect.stringMatching(/^monitor no longer isolated after 2\ds$/)]);
  });

  it("says what is down in it or after it all the same", () => {
    const s = scene();
    s.host.tells = true;
    s.play(20);
    s.pause(10);
    s.primary.interface = { operStatus: "down" };
    expect(told(s, 20)).toEqual([
      "monitor isolated: everything else is unknown",
      "path ams-1 azurePrivate primary: up -> down",
      "redundancy of ams-1 azurePrivate: redundant -> reduced",
      "monitor no longer isolated after 5s",
    ]);
  });

  it("says of a router that does not come back that it is unreachable", () => {
    const s = scene();
    s.host.tells = true;
    s.play(20);
    s.pause(10);
    s.primary.answers = false;
    expect(told(s, 20)).toContain("router ams-ce1: unknown -> unreachable");
  });

  it("says when a note of routing begins and ends, and nothing of it between", () => {
    const s = scene(declaring(estate(), ["10.60.0.0/16"]));
    let nextHop = "172.16.0.2";
    s.primary.tells = (remoteAddress, at) => {
      const routes = [{ prefix: "10.60.0.0/16", matched: "10.60.0.0/16", nextHops: [nextHop] }];
      return [{ kind: "bestPaths", router: "ams-ce1", remoteAddress, at, source: "snmp", routes }];
    };
    s.play(5);
    nextHop = "192.0.2.99";
    expect(told(s, 140)).toEqual(["path ams-1 azurePrivate primary: noted: bestPathElsewhere"]);
    nextHop = "172.16.0.2";
    expect(told(s, 30)).toEqual(["path ams-1 azurePrivate primary: no longer noted: bestPathElsewhere"]);
  });
});
